namespace OrleansPs.Simulation;

/// <summary>
/// A fault that a run brings about in one phase. Some faults are so rare, and some phases so short, that chance alone hardly ever lets them
/// meet: so every fifth seed aims one fault at one phase.
/// </summary>
/// <param name="Kind">The fault.</param>
/// <param name="Phase">When it is to come about.</param>
internal sealed record Aim(FaultKind Kind, Phase Phase)
{
    /// <summary>Faults that come about once in a run, or less; twice those that need more luck than others.</summary>
    private static readonly FaultKind[] Rare =
    [
        FaultKind.WorkerLost, FaultKind.OutOfDataAndBack, FaultKind.OutOfDataAndBack, FaultKind.EarlyLeave, FaultKind.EarlyLeave,
        FaultKind.LateJoin, FaultKind.WitnessLoss, FaultKind.LostSwapAnswer, FaultKind.StorageFailure, FaultKind.LostWriteAnswer,
        FaultKind.TornWrite, FaultKind.TornWrite, FaultKind.DamagedSnapshot, FaultKind.OtherWorkerCount,
    ];

    /// <summary>Phases that are short.</summary>
    private static readonly Phase[] Short =
    [
        Phase.StateTransfer, Phase.Yielding, Phase.Freezing, Phase.WritingManifest, Phase.TakingOver, Phase.ReplacingWitness, Phase.Restoring,
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

    /// <summary>What brings the model into the phase more often.</summary>
    public FaultKind[] Causes => Phase switch
    {
        Phase.StateTransfer or Phase.Yielding => [FaultKind.SiloDrain, FaultKind.SiloJoin],
        // A cut that is given up makes room for the next one.
        Phase.Freezing => [FaultKind.HandEviction, FaultKind.Delay],
        Phase.TakingOver => [FaultKind.CoordinatorDeath, FaultKind.DeposedCoordinator],
        Phase.ReplacingWitness => [FaultKind.WitnessLoss],
        Phase.Restoring => [FaultKind.Restore],
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
            var aim = new Aim(Rare[random.Next(Rare.Length)], Short[random.Next(Short.Length)]);
            if (!ImpossibleCells.Contain(aim.Kind, aim.Phase) && (aim.Kind != FaultKind.LateJoin || model.HasLateRank)) return aim with { Reactivations = Math.Max(0, random.NextDouble() * 2 - 1) };
        }
    }
}
