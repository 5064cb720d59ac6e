using System.Globalization;

namespace OrleansPs.Simulation.Mutants;

/// <summary>What was caught, how soon and by what. All rows together are left in mutants.txt, beside the test assembly.</summary>
public sealed class MutantTable : IDisposable
{
    private readonly SortedDictionary<string, string> _rows = new(StringComparer.Ordinal);

    internal string Add(Mutant mutant, MutantHunt hunt)
    {
        var caught = hunt.Seed is { } seed
            ? string.Create(CultureInfo.InvariantCulture, $"caught at seed {seed} of {mutant.Within}: {hunt.Violation!.Split('\n')[0]}")
            : $"SURVIVES {mutant.Within} seeds";
        return _rows[mutant.Name] = $"{mutant.Name} | {mutant.Rule} | {caught}";
    }

    public void Dispose() => File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, "mutants.txt"), _rows.Values);
}
