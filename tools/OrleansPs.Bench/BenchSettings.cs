using System.Text.RegularExpressions;

namespace OrleansPs.Bench;

/// <summary>What is measured, and how often.</summary>
internal sealed record BenchSettings
{
    /// <summary>Silo processes.</summary>
    public int Silos { get; init; } = 1;

    /// <summary>Worker processes, each with one session.</summary>
    public int Workers { get; init; } = 1;

    public int Repetitions { get; init; } = 5;

    /// <summary>How long one repetition takes, about.</summary>
    public double Seconds { get; init; } = 0.7;

    /// <summary>Whether blocks have standbys.</summary>
    public bool IsReplicated { get; init; }

    /// <summary>Whether the same calls are made over Orleans' stock transport beside.</summary>
    public bool HasStock { get; init; }

    /// <summary>Seconds between snapshots that are taken meanwhile; 0 for none.</summary>
    public int CutEvery { get; init; }

    public IReadOnlyList<BenchRow> Rows { get; init; } = [.. RowCatalog.Dense, .. RowCatalog.Sparse];

    /// <summary>The rows whose name matches.</summary>
    public BenchSettings Only(string? pattern) => pattern is null ? this
        : this with { Rows = [.. Rows.Where(row => Regex.IsMatch(row.Name, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)))] };
}
