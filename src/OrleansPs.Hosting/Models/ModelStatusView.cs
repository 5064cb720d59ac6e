using OrleansPs.Core.Consistency;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>What callers are told of a model's state.</summary>
internal static class ModelStatusView
{
    public static ModelStatus Of(Coordinator coordinator, ModelSpec spec, int blocks, SnapshotManifest? last, TimeSpan now)
    {
        var state = coordinator.State;
        var waiting = coordinator.Waiting.ToHashSet();
        var stragglers = coordinator.Stragglers();
        var workers = state.Ranks.Values.Select(r => new WorkerInfo(
            r.Record.Rank, r.Record.Incarnation, r.Record.Status, r.Record.Step, r.Record.Clock, r.Record.Cursor,
            waiting.Contains(r.Record.Rank))
        {
            BlocksFor = stragglers.TryGetValue(r.Record.Rank, out var since) ? now - since : null,
            RoundsMissed = r.RoundsMissed,
        });
        return new(spec, state.Generation, state.MinClock, blocks, [.. workers], last?.ToInfo(), coordinator.SnapshotError)
        {
            Policy = state.Policy,
            NextPolicy = coordinator.NextPolicy,
        };
    }
}
