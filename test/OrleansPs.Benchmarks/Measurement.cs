using System.Diagnostics;

namespace OrleansPs.Benchmarks;

/// <summary>Times a piece of work and its yardstick in turns, so that a change of the machine's pace meets both.</summary>
internal static class Measurement
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>The median seconds of a call of each; both run first until the JIT has nothing left to better.</summary>
    public static (double Work, double Yardstick) Interleave(Action work, Action yardstick, int repetitions = 31)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50 || Stopwatch.GetElapsedTime(start) < s_warmUp; i++)
        {
            yardstick();
            work();
        }
        var (works, yardsticks) = (new double[repetitions], new double[repetitions]);
        for (var i = 0; i < repetitions; i++)
        {
            yardsticks[i] = Seconds(yardstick);
            works[i] = Seconds(work);
        }
        return (Median(works), Median(yardsticks));
    }

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
