namespace OrleansPs.Simulation.Mutants;

/// <summary>All mutants: one rule of the design each.</summary>
internal static partial class MutantCatalog
{
    private const string Blocks = "src/OrleansPs.Core/Blocks/";
    private const string Consistency = "src/OrleansPs.Core/Consistency/";
    private const string Session = "src/OrleansPs.Client/Session/";
    private const string Transfers = "src/OrleansPs.Client/Transfers/";

    /// <summary>All of them, in the order of what they break.</summary>
    public static IReadOnlyList<Mutant> All { get; } = [.. Identity, .. Rounds, .. Cuts, .. Decisions, .. Sessions];
}
