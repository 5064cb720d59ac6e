namespace OrleansPs.Torture;

/// <summary>How long blocks acknowledged nothing.</summary>
internal static class Availability
{
    // An answer may still be on its way when its sender is killed; the silence begins after it.
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(1);

    /// <summary>The longest silence of a block that a kill began.</summary>
    /// <param name="acknowledgements">When the block acknowledged pushes, in order.</param>
    /// <param name="kill">When the silo that it was on was killed.</param>
    /// <param name="end">When the last look was taken: a silence that has no end lasts until then.</param>
    public static TimeSpan Silence(IReadOnlyList<TimeSpan> acknowledgements, TimeSpan kill, TimeSpan end)
    {
        var (longest, from) = (TimeSpan.Zero, kill);
        for (var i = FirstAfter(acknowledgements, kill); from <= kill + s_margin; i++)
        {
            var to = i < acknowledgements.Count ? acknowledgements[i] : end;
            if (to - from > longest) longest = to - from;
            if (i >= acknowledgements.Count) break;
            from = to;
        }
        return longest;
    }

    /// <summary>The one in the middle; null if there is none.</summary>
    public static TimeSpan? Median(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToArray();
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static int FirstAfter(IReadOnlyList<TimeSpan> times, TimeSpan moment)
    {
        var (low, high) = (0, times.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (times[middle] <= moment) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
