namespace OrleansPs.Torture;

/// <summary>What came out of a run.</summary>
internal sealed record Figures
{
    public required double Minutes { get; init; }

    public required int Seed { get; init; }

    /// <summary>Whether the models have standbys, so that the death of a silo may cost nothing.</summary>
    public required bool Replicated { get; init; }

    /// <summary>Why the network was not cut; null if it was.</summary>
    public string? WithoutNetwork { get; init; }

    /// <summary>How many faults of each kind there were.</summary>
    public IReadOnlyDictionary<FaultKind, int> Faults { get; init; } = new Dictionary<FaultKind, int>();

    public long Acknowledged { get; init; }

    public long Lost { get; init; }

    public long Twice { get; init; }

    /// <summary>Finished steps that had to be done again.</summary>
    public long SetBack { get; init; }

    /// <summary>Acknowledged pushes of such steps.</summary>
    public long TakenBack { get; init; }

    /// <summary>Pulls that lacked the worker's own acknowledged pushes.</summary>
    public long StalePulls { get; init; }

    /// <summary>How often a model was put back to a snapshot, or to its beginning.</summary>
    public long Restores { get; init; }

    public long SnapshotsAttempted { get; init; }

    public long SnapshotsCompleted { get; init; }

    public long SnapshotsWrong { get; init; }

    /// <summary>Complete ones that were deleted before they could be read.</summary>
    public long SnapshotsUnread { get; init; }

    /// <summary>Kills of silos that had blocks.</summary>
    public int KillsMeasured { get; init; }

    /// <summary>In seconds, over all such kills.</summary>
    public double? UnavailableMedian { get; init; }

    public double? UnavailableLongest { get; init; }

    /// <summary>The share of the time in which a fault waited for standbys, or for two silos to be together again.</summary>
    public double Withheld { get; init; }

    /// <summary>Silos that ended though nobody told them: mostly those that the others gave up while they stood still or were cut off.</summary>
    public int SilosEnded { get; init; }

    /// <summary>Workers that ended though nobody told them.</summary>
    public int WorkersEnded { get; init; }

    /// <summary>What else went wrong, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
