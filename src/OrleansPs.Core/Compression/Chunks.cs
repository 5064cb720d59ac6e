namespace OrleansPs.Core.Compression;

/// <summary>
/// Chunks of 256 elements, counted from a parameter's first element, wherever its blocks begin: so the size of blocks changes no number. A
/// piece that begins or ends within a chunk has the chunk's constants too.
/// </summary>
internal static class Chunks
{
    public const int Length = 256;

    /// <summary>How many chunks a piece touches.</summary>
    public static int CountOf(int start, int length) =>
        length == 0 ? 0 : (int)((((long)start + length - 1) / Length) - (start / Length) + 1);

    /// <summary>Where the chunk of an element ends in its piece, which ends at <paramref name="end"/>.</summary>
    public static int EndOf(int element, int end) => (int)Math.Min((((long)element / Length) + 1) * Length, end);

    /// <summary>The whole chunk of an element.</summary>
    public static ReadOnlySpan<float> Of(ReadOnlySpan<float> parameter, int element)
    {
        var start = element / Length * Length;
        return parameter[start..Math.Min(start + Length, parameter.Length)];
    }
}
