namespace OrleansPs.Torture;

/// <summary>How a state differs from the pushes that it should hold.</summary>
/// <param name="Lost">Pushes that are missing.</param>
/// <param name="Twice">Pushes that are there once too often.</param>
/// <param name="Problems">The same in words, and what else is wrong.</param>
internal sealed record LedgerCheck(long Lost, long Twice, IReadOnlyList<string> Problems)
{
    public bool IsExact => Problems.Count == 0;

    /// <summary>Compares.</summary>
    /// <param name="readings">What the parameters say.</param>
    /// <param name="expected">How many steps of a rank, the first ones, a parameter should hold: (parameter, rank).</param>
    public static LedgerCheck Of(IReadOnlyList<Reading> readings, Func<int, int, long> expected)
    {
        var (lost, twice, problems) = (0L, 0L, new List<string>());
        for (var parameter = 0; parameter < readings.Count; parameter++)
        {
            var reading = readings[parameter];
            if (reading.Torn is { } torn) problems.Add($"p{parameter}: {torn}");
            for (var rank = 0; rank < reading.Counts.Count; rank++)
            {
                var (found, wanted) = (reading.Counts[rank], expected(parameter, rank));
                var sameMarks = reading.Marks[rank] == LedgerModel.MarksOf(wanted);
                if (found == wanted && sameMarks) continue;
                lost += Math.Max(wanted - found, 0);
                twice += Math.Max(found - wanted, 0);
                if (found == wanted) (lost, twice) = (lost + 1, twice + 1);
                problems.Add($"p{parameter} has {found} pushes of rank {rank} instead of {wanted}" + (found == wanted ? ", but not the same ones" : ""));
            }
        }
        return new(lost, twice, problems);
    }
}
