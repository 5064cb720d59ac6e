using System.Globalization;

namespace OrleansPs.Simulation;

/// <summary>Faults by phase, as text.</summary>
internal static class PhaseTable
{
    /// <summary>The table's lines: a row a kind, a column a phase.</summary>
    public static IEnumerable<string> Lines(FaultCounts faults)
    {
        var phases = Enum.GetValues<Phase>();
        yield return $"{"",-20}{string.Concat(phases.Select(p => $"{p,17}"))}";
        foreach (var kind in Enum.GetValues<FaultKind>())
            yield return $"{kind,-20}{string.Concat(phases.Select(p => $"{Cell(faults, kind, p),17}"))}";
    }

    private static string Cell(FaultCounts faults, FaultKind kind, Phase phase) =>
        faults[kind, phase] is 0 && ImpossibleCells.Contain(kind, phase) ? "-" : faults[kind, phase].ToString(CultureInfo.InvariantCulture);
}

/// <summary>Faults that can't come about in some phase, and why.</summary>
internal static class ImpossibleCells
{
    public static bool Contain(FaultKind kind, Phase phase) => (kind, phase) switch
    {
        // It is decided before the run begins whether a rank comes late.
        (FaultKind.LateJoin, not Phase.Calm) => true,
        // One restore is under way at a time: nothing begins another one, or belongs to its beginning.
        (FaultKind.Restore or FaultKind.OtherWorkerCount or FaultKind.WholeCrash, Phase.Restoring) => true,
        // What is under way tears when everything dies, and that is when the restore begins.
        (FaultKind.TornWrite, not Phase.Restoring) => true,
        // The model has no record then.
        (FaultKind.WitnessLoss, Phase.Restoring) => true,
        // Terms are taken while there is no coordinator that does any of this, or is about to be none.
        (FaultKind.LostSwapAnswer, Phase.Calm or Phase.Joining or Phase.Freezing or Phase.WritingChunks or Phase.WritingManifest
            or Phase.ReplacingWitness) => true,
        _ => false,
    };
}
