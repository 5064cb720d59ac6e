namespace OrleansPs.Torture;

/// <summary>What the numbers of one parameter say.</summary>
/// <param name="Counts">How many pushes of each rank it holds.</param>
/// <param name="Marks">The sum of their marks.</param>
/// <param name="Torn">Why it can't be the sum of whole pushes; null if it can.</param>
internal sealed record Reading(IReadOnlyList<long> Counts, IReadOnlyList<long> Marks, string? Torn)
{
    /// <summary>Reads a parameter.</summary>
    public static Reading Of(ReadOnlySpan<float> values, int workers)
    {
        string? torn = null;
        var (counts, marks) = (new long[workers], new long[workers]);
        for (var rank = 0; rank < workers; rank++)
        {
            var slot = LedgerModel.Slot(values.Length, workers, rank);
            counts[rank] = Same(values[slot.Counts], $"the count of rank {rank}", ref torn);
            marks[rank] = Same(values[slot.Marks], $"the marks of rank {rank}", ref torn);
        }
        var half = LedgerModel.HalfLength(values.Length, workers);
        var (plus, minus) = (Same(values[..half], "the first half", ref torn), Same(values[half..(2 * half)], "the second half", ref torn));
        if (plus != counts.Sum() || minus != -plus) torn ??= $"the halves are {plus} and {minus}, the counts together {counts.Sum()}";
        return new(counts, marks, torn);
    }

    private static long Same(ReadOnlySpan<float> values, string what, ref string? torn)
    {
        var first = values[0];
        var other = values.IndexOfAnyExcept(first);
        if (other >= 0) torn ??= $"{what} is {first} and, at {other}, {values[other]}";
        else if (first != MathF.Truncate(first) || MathF.Abs(first) >= 1 << 24) torn ??= $"{what} is {first}, no whole number below 2^24";
        return float.IsFinite(first) ? (long)first : 0;
    }
}
