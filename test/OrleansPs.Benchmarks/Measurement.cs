using System.Diagnostics;

namespace OrleansPs.Benchmarks;

/// <summary>Times a piece of work and its yardstick in turns, so that a change of the machine's pace meets both.</summary>
internal static class Measurement
{
    // The first work has all that it is made of still to be compiled, and compiled again.
    private static TimeSpan s_warmUp = TimeSpan.FromSeconds(4);

    /// <summary>The median seconds of a call of each; both run first until the JIT has nothing left to better.</summary>
    /// <param name="work">What is timed.</param>
    /// <param name="yardstick">What it is held against.</param>
    /// <param name="together">How many calls are timed together.</param>
    /// <param name="repetitions">How many times.</param>
    public static (double Work, double Yardstick) Interleave(Action work, Action yardstick, int together = 1, int repetitions = 31)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50 || Stopwatch.GetElapsedTime(start) < s_warmUp; i++)
        {
            yardstick();
            work();
        }
        s_warmUp = TimeSpan.FromMilliseconds(500);
        var (works, yardsticks) = (new double[repetitions], new double[repetitions]);
        for (var i = 0; i < repetitions; i++)
        {
            yardsticks[i] = Seconds(yardstick, together);
            works[i] = Seconds(work, together);
        }
        return (Median(works), Median(yardsticks));
    }

    private static double Seconds(Action action, int together)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < together; i++) action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / together;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
