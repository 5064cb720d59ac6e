using OrleansPs.Train;

namespace OrleansPs.Torture;

/// <summary>When there is a network that can be cut.</summary>
internal enum NetworkUse
{
    /// <summary>Where this process may make one.</summary>
    Auto,

    /// <summary>Never: all on loopback.</summary>
    Off,

    /// <summary>Always; without one there is no run.</summary>
    On,
}

/// <summary>What a run does.</summary>
internal sealed record RunSettings
{
    public required double Minutes { get; init; }

    public required int Silos { get; init; }

    /// <summary>How many workers each model has.</summary>
    public required int Workers { get; init; }

    /// <summary>How many parameters each model has, a block of 256 KiB each.</summary>
    public required int Parameters { get; init; }

    public required int Seed { get; init; }

    public required bool Replicated { get; init; }

    /// <summary>A model for each.</summary>
    public required IReadOnlyList<string> Consistencies { get; init; }

    /// <summary>How long a worker rests after a step, so that silos and workers on few processors are not late for want of these.</summary>
    public required TimeSpan Rest { get; init; }

    public required TimeSpan SnapshotInterval { get; init; }

    public required NetworkUse Network { get; init; }

    /// <summary>The specs of all models; each is named as its consistency.</summary>
    public IEnumerable<ModelSpec> Specs() => Consistencies.Select(mode => LedgerModel.Spec(mode, PolicyText.Of(mode, staleness: 2), Durability(), Workers, Parameters));

    // All those of a run are kept until they have been read.
    private DurabilityPolicy Durability() => Replicated
        ? DurabilityPolicy.Replicated(interval: SnapshotInterval, keep: 20)
        : DurabilityPolicy.Snapshot(interval: SnapshotInterval, keep: 20);
}
