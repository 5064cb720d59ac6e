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
    /// <summary>Begins the second copy of the control record with a state, under a term; null where there is none.</summary>
    public Func<ControlState, long, Task<IControlJournal>>? BeginJournal { get; init; }
}
