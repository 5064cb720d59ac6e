using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>What the model is in the middle of; it may be several things at once.</summary>
internal enum Phase
{
    /// <summary>Nothing of the following.</summary>
    Calm,

    /// <summary>An empty replica is being made.</summary>
    Joining,

    /// <summary>A new replica waits for its state.</summary>
    StateTransfer,

    /// <summary>A new replica has its state, and the record does not name it yet.</summary>
    CatchingUp,

    /// <summary>The record names a primary that does not lead yet, or no more.</summary>
    Promoting,

    /// <summary>A primary takes nothing more, for another one is to lead.</summary>
    Yielding,

    /// <summary>Blocks freeze for a cut.</summary>
    Freezing,

    /// <summary>Chunks are taken and written.</summary>
    WritingChunks,

    /// <summary>The manifest is written.</summary>
    WritingManifest,

    /// <summary>There is no coordinator, or another one is about to be it.</summary>
    TakingOver,

    /// <summary>The control record gets another second copy.</summary>
    ReplacingWitness,

    /// <summary>The model is put back to a snapshot.</summary>
    Restoring,
}

/// <summary>Which phases a run is in, from where its parties stand.</summary>
internal static class Phases
{
    public static int Count { get; } = Enum.GetValues<Phase>().Length;

    /// <summary>The phases as bits.</summary>
    public static int Of(World world)
    {
        if (world.Operator.IsRestoring) return Bit(Phase.Restoring);
        var phases = 0;
        var coordinator = world.Coordinator is { IsOver: false, IsGone: false } present ? present : null;
        if (coordinator is null || world.Operator.IsTermTaken) phases |= Bit(Phase.TakingOver);
        // Somebody may take a term while another one is in the middle of something.
        if (coordinator is not null && coordinator.Stage != Phase.Calm) phases |= Bit(coordinator.Stage);
        if (coordinator is { IsPreparing: true }) phases |= Bit(Phase.Joining);
        // A coordinator that does not know yet that it is deposed does it too.
        if (world.Coordinators.Exists(c => c is { IsReplacing: true, IsOver: false, IsDead: false })) phases |= Bit(Phase.ReplacingWitness);
        foreach (var sites in world.Record.Map) phases |= Of(world, sites);
        return phases == 0 ? Bit(Phase.Calm) : phases;
    }

    /// <summary>Whether a run is in a phase.</summary>
    public static bool AreIn(World world, Phase phase) => (Of(world) & Bit(phase)) != 0;

    public static int Bit(Phase phase) => 1 << (int)phase;

    private static int Of(World world, BlockSites sites)
    {
        if (!world.Cluster.Find(sites.Primary.Silo).IsUp || world.ReplicaAt(sites.Primary)?.Core is not { } core
            || core.Replica.Epoch != sites.Epoch || core.Role is ReplicaRole.Standby or ReplicaRole.Deposed) return Bit(Phase.Promoting);
        var phases = core.Role == ReplicaRole.Yielded ? Bit(Phase.Yielding) : 0;
        foreach (var feed in core.Standbys)
        {
            if (feed.State is not null) phases |= Bit(Phase.StateTransfer);
            else if (feed.Site.Nonce != sites.Standby?.Nonce) phases |= Bit(Phase.CatchingUp);
        }
        return phases;
    }
}
