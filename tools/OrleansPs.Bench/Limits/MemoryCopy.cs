using System.Diagnostics;

namespace OrleansPs.Bench;

/// <summary>How fast one thread copies memory that it has touched before.</summary>
internal static class MemoryCopy
{
    /// <summary>10^9 bytes a second, the median of several copies.</summary>
    public static double Gigabytes(int bytes)
    {
        var (from, to) = (new byte[bytes], new byte[bytes]);
        from.AsSpan().Fill(1);
        to.AsSpan().Fill(1);
        var calls = Math.Max(1, (1 << 28) / bytes);
        return Figures.Median(Enumerable.Range(0, 9).Select(_ =>
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++) from.CopyTo(to.AsSpan());
            return (double)bytes * calls / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }));
    }
}
