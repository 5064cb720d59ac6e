namespace OrleansPs.Core.Snapshots;

/// <summary>What holds of the tables of every block image, on the way in and on the way out.</summary>
internal static class ImageRules
{
    /// <summary>The first rule that is broken, as a sentence; null if all hold.</summary>
    public static string? FirstBroken(int length, IReadOnlyList<SegmentImage> segments, IReadOnlyList<DedupeImage> dedupe) =>
        BrokenBySegments(length, segments) ?? BrokenByDedupe(dedupe);

    /// <summary>What to say of a file whose format version is not the one that this program reads.</summary>
    public static string WrongVersion(int version, int known) =>
        $"its format version is {version}; this program reads {known}."
        + (version > known ? " Read it with the newer program that wrote it." : "");

    private static string? BrokenBySegments(int length, IReadOnlyList<SegmentImage> segments)
    {
        var end = 0L;
        for (var i = 0; i < segments.Count; i++)
        {
            var s = segments[i];
            if (s.Parameter < 0 || s.Start < 0 || s.Length < 0 || s.Updates < 0)
                return $"segment {i} has a negative number.";
            if (s.Offset < end) return $"segment {i} begins at {s.Offset}, before the end of the one before it at {end}.";
            end = (long)s.Offset + s.Length;
            if (end > length) return $"segment {i} ends at {end}, beyond the block's {length} floats.";
        }
        return null;
    }

    private static string? BrokenByDedupe(IReadOnlyList<DedupeImage> dedupe)
    {
        var last = -1;
        foreach (var d in dedupe)
        {
            if (d.Rank <= last) return $"the dedupe state of rank {d.Rank} follows that of rank {last}.";
            last = d.Rank;
        }
        return null;
    }
}
