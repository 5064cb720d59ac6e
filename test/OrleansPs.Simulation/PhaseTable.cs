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

    /// <summary>The faults that came about least often where they can, such as <c>150 EarlyLeave x Yielding</c>.</summary>
    public static IEnumerable<string> Rarest(FaultCounts faults, int count) =>
        (from kind in Enum.GetValues<FaultKind>()
         from phase in Enum.GetValues<Phase>()
         where !ImpossibleCells.Contain(kind, phase)
         orderby faults[kind, phase]
         select $"{faults[kind, phase]} {kind} x {phase}").Take(count);

    private static string Cell(FaultCounts faults, FaultKind kind, Phase phase) =>
        faults[kind, phase] is 0 && ImpossibleCells.Contain(kind, phase) ? "-" : faults[kind, phase].ToString(CultureInfo.InvariantCulture);
}

/// <summary>Faults that can't come about in some phase, and why.</summary>
internal static class ImpossibleCells
{
    public static bool Contain(FaultKind kind, Phase phase) => (kind, phase) switch
    {
        // One restore is under way at a time: nothing begins another one, or belongs to its beginning.
        (FaultKind.Restore or FaultKind.OtherWorkerCount, Phase.Restoring) => true,
        // The record of the generation before serves nobody any more, and that of the next one is not there yet.
        (FaultKind.WitnessLoss, Phase.Restoring) => true,
        // The replicas of the generation before serve nobody any more, and those of the next one are in no map yet.
        (FaultKind.Reactivation, Phase.Restoring) => true,
        // Terms are swapped by who takes over, the record by who takes over or replaces the witness, and both by who restores.
        (FaultKind.LostSwapAnswer or FaultKind.LostRecordAnswer or FaultKind.RecordFailure, Phase.Calm) => true,
        _ => false,
    };
}
