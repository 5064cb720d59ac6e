namespace OrleansPs.Torture;

/// <summary>What is done to a process or to the network between two.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL of a silo, which is started again.</summary>
    KillSilo,

    /// <summary>SIGSTOP of a silo and SIGCONT, too soon for its neighbours to give it up.</summary>
    PauseSilo,

    /// <summary>The same for so long that the cluster goes on without it.</summary>
    PauseSiloLong,

    /// <summary>SIGTERM of a silo, which hands over what it has; it is started again.</summary>
    EndSilo,

    /// <summary>SIGKILL of a worker, whose successor does its open step again.</summary>
    KillWorker,

    /// <summary>Nothing passes between two silos.</summary>
    CutSilos,

    /// <summary>Nothing passes from one silo to another; the other way all does.</summary>
    CutSilosOneWay,

    /// <summary>Nothing passes between a worker and a silo.</summary>
    CutWorker,

    /// <summary>Nothing passes from a worker to a silo; the other way all does.</summary>
    CutFromWorker,

    /// <summary>Nothing passes from a silo to a worker; the other way all does.</summary>
    CutToWorker,
}

/// <summary>One fault of a schedule.</summary>
/// <param name="Gap">How long after the one before.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Target">Whom it meets: modulo those who can be met at that moment.</param>
/// <param name="Other">The other end of a cut, in the same way. A cut of one way between silos is of that from the target to the other.</param>
/// <param name="Length">How long a process is away, or a cut lasts.</param>
internal sealed record Fault(TimeSpan Gap, FaultKind Kind, int Target, int Other, TimeSpan Length)
{
    /// <summary>Whether the cluster may have to go on without a silo.</summary>
    public bool TakesSiloAway => Kind is not (FaultKind.KillWorker or FaultKind.CutWorker or FaultKind.CutFromWorker or FaultKind.CutToWorker);

    /// <summary>Whether both ends of the cut are silos.</summary>
    public bool CutsSilos => Kind is FaultKind.CutSilos or FaultKind.CutSilosOneWay;

    /// <summary>Whether it needs a network that can be cut.</summary>
    public bool IsCut => NeedsNetwork(Kind);

    /// <summary>Whether faults of a kind need a network that can be cut.</summary>
    public static bool NeedsNetwork(FaultKind kind) =>
        kind is FaultKind.CutSilos or FaultKind.CutSilosOneWay or FaultKind.CutWorker or FaultKind.CutFromWorker or FaultKind.CutToWorker;
}
