namespace OrleansPs.Simulation.Mutants;

/// <summary>All mutants: one rule of the design each.</summary>
internal static partial class MutantCatalog
{
    private const string Blocks = "src/OrleansPs.Core/Blocks/";
    private const string Consistency = "src/OrleansPs.Core/Consistency/";
    private const string Replication = "src/OrleansPs.Core/Replication/";
    private const string Session = "src/OrleansPs.Client/Session/";
    private const string Transfers = "src/OrleansPs.Client/Transfers/";

    /// <summary>So many seeds are too many for every day.</summary>
    private const int Many = 2000;

    /// <summary>Of pushes and rounds.</summary>
    public static IReadOnlyList<Mutant> OfBlocks { get; } = [.. Identity, .. Rounds];

    /// <summary>Of cuts, coordinators, sessions and policies.</summary>
    public static IReadOnlyList<Mutant> OfDecisions { get; } = [.. Cuts, .. Decisions, .. Sessions, .. Policies];

    /// <summary>Of replicas and the block map.</summary>
    public static IReadOnlyList<Mutant> OfReplicas { get; } = [.. Replicas.Concat(Maps).Where(m => m.Within < Many)];

    /// <summary>Of tables.</summary>
    public static IReadOnlyList<Mutant> OfTables { get; } = [.. Rows.Where(m => m.Within < Many)];

    /// <summary>Those that take too many seeds for every day.</summary>
    public static IReadOnlyList<Mutant> Rare { get; } = [.. RarelyNeeded, .. Replicas.Concat(Maps).Concat(Rows).Where(m => m.Within >= Many)];

    /// <summary>Those of every day.</summary>
    public static IReadOnlyList<Mutant> Daily { get; } = [.. OfBlocks, .. OfDecisions, .. OfReplicas, .. OfTables];
}
