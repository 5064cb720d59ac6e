using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;

namespace OrleansPs.Hosting;

/// <summary>What a model gets from its host.</summary>
/// <param name="Blocks">Makes its blocks.</param>
/// <param name="Store">Where its snapshots are kept; null for nowhere.</param>
/// <param name="Metrics">The host's instruments.</param>
/// <param name="Time">The clock of leases, snapshots and retries.</param>
/// <param name="Logger">Where log messages go.</param>
internal sealed record ModelEnvironment(
    IBlockFactory Blocks, ISnapshotStore? Store, ServerMetrics Metrics, TimeProvider Time, ILogger Logger)
{
    /// <summary>Makes a term known, and begins the second copy of the control record with a state; what it makes is null where there is no such copy.</summary>
    public Func<ControlState, long, Task<IControlJournal?>>? BeginJournal { get; init; }

    /// <summary>Whether nobody else can write to the store: then whatever numbers it has are this host's, even where the answer to a write was lost.</summary>
    public bool OwnsStore { get; init; }
}
