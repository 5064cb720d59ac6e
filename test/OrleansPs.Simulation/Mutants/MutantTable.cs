using System.Globalization;

namespace OrleansPs.Simulation.Mutants;

/// <summary>What was caught, how soon and by what. All rows together are left in mutants.txt, beside the test assembly.</summary>
internal static class MutantTable
{
    private static readonly SortedDictionary<string, string> Rows = new(StringComparer.Ordinal);

    public static string Add(Mutant mutant, MutantHunt hunt)
    {
        var caught = hunt.Seed is { } seed
            ? string.Create(CultureInfo.InvariantCulture, $"caught at seed {seed} of {mutant.Within}: {hunt.Violation!.Split('\n')[0]}")
            : $"SURVIVES {mutant.Within} seeds";
        var row = $"{mutant.Name} | {mutant.Rule} | {caught}";
        lock (Rows)
        {
            Rows[mutant.Name] = row;
            File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, "mutants.txt"), Rows.Values);
        }
        return row;
    }
}
