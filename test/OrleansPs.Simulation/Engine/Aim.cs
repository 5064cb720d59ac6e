namespace OrleansPs.Simulation;

/// <summary>
/// A fault that a run brings about in one phase. Some faults are so rare, and some phases so short, that chance alone hardly ever lets them
/// meet: so every fifth seed aims one fault at one phase.
/// </summary>
/// <param name="Kind">The fault.</param>
/// <param name="Phase">When it is to come about.</param>
internal sealed record Aim(FaultKind Kind, Phase Phase)
{
    private static readonly Phase[] Short =
    [
        Phase.StateTransfer, Phase.Yielding, Phase.Freezing, Phase.WritingManifest, Phase.TakingOver, Phase.ReplacingWitness, Phase.Restoring,
    ];

    /// <summary>Faults that come about once in a run, or less; twice those that need more luck than others.</summary>
    private static readonly FaultKind[] Rare =
    [
        FaultKind.OutOfDataAndBack, FaultKind.EarlyLeave, FaultKind.EarlyLeave, FaultKind.LateJoin, FaultKind.TornWrite,
        FaultKind.DamagedSnapshot, FaultKind.DamagedSnapshot, FaultKind.OtherWorkerCount,
    ];

    private static readonly Aim[] All =
    [
        .. from kind in Rare from phase in Short where !ImpossibleCells.Contain(kind, phase) select new Aim(kind, phase),
        // What is rare there alone.
        new(FaultKind.WorkerLost, Phase.WritingManifest), new(FaultKind.WitnessLoss, Phase.TakingOver),
        new(FaultKind.LostSwapAnswer, Phase.WritingManifest), new(FaultKind.StorageFailure, Phase.Yielding),
        new(FaultKind.StorageFailure, Phase.Freezing), new(FaultKind.LostWriteAnswer, Phase.Freezing),
        new(FaultKind.StorageFailure, Phase.Restoring), new(FaultKind.LostWriteAnswer, Phase.Restoring),
    ];

    /// <summary>How often replicas come to life again besides, from never, in half of the runs with an aim, to 1.</summary>
    public double Reactivations { get; private init; }

    /// <summary>The fault that carries it: what is done in the phase so that it can come about there; null if nothing need be done.</summary>
    public FaultKind? Carrier => Kind switch
    {
        FaultKind.DamagedSnapshot or FaultKind.OtherWorkerCount => FaultKind.Restore,
        FaultKind.TornWrite => FaultKind.WholeCrash,
        FaultKind.LostSwapAnswer => FaultKind.DeposedCoordinator,
        FaultKind.WorkerLost or FaultKind.LateJoin or FaultKind.WitnessLoss => Kind,
        _ => null,
    };

    /// <summary>What brings the model into the phase more often, and keeps it there.</summary>
    public FaultKind[] Causes => Phase switch
    {
        Phase.StateTransfer or Phase.Yielding => [FaultKind.SiloDrain, FaultKind.SiloJoin, FaultKind.Delay],
        // A cut that is given up makes room for the next one.
        Phase.Freezing => [FaultKind.HandEviction, FaultKind.Delay],
        Phase.WritingManifest => [FaultKind.SlowStorage],
        Phase.TakingOver => [FaultKind.CoordinatorDeath, FaultKind.DeposedCoordinator, FaultKind.RecordFailure],
        Phase.ReplacingWitness => [FaultKind.WitnessLoss, FaultKind.RecordFailure, FaultKind.SlowStorage],
        Phase.Restoring => [FaultKind.Restore, FaultKind.RecordFailure, FaultKind.SlowStorage],
        _ => [],
    };

    /// <summary>What the fault is made of: it comes about often, in any phase.</summary>
    public FaultKind[] Parts => Kind == FaultKind.TornWrite ? [FaultKind.SlowStorage, FaultKind.WholeCrash, Kind] : [];

    /// <summary>A seed's aim, if it has one. Which seeds have is fixed, so that the others run as they would if there were no such thing.</summary>
    public static Aim? Draw(int seed, ModelDraw model)
    {
        if (seed % 10 is not (5 or 8)) return null;
        var random = new Random(seed ^ 0xa13);
        while (true)
        {
            var aim = All[random.Next(All.Length)];
            if (aim.Kind != FaultKind.LateJoin || model.HasLateRank) return aim with { Reactivations = Math.Max(0, random.NextDouble() * 2 - 1) };
        }
    }
}
