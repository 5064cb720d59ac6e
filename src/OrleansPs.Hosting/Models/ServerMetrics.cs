using System.Diagnostics.Metrics;

namespace OrleansPs.Hosting;

/// <summary>The instruments of a server, in the meter <c>OrleansPs.Server</c>. Every measurement has the tag <c>model</c>.</summary>
internal sealed class ServerMetrics : IDisposable
{
    public const string MeterName = "OrleansPs.Server";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _snapshots;
    private readonly Counter<long> _failedSnapshots;
    private readonly Counter<long> _snapshotBytes;
    private readonly Counter<long> _restores;

    public ServerMetrics(Func<IEnumerable<ModelHost>> models)
    {
        _snapshots = _meter.CreateCounter<long>("orleansps.server.snapshots", "{snapshot}", "Snapshots that were completed.");
        _failedSnapshots = _meter.CreateCounter<long>(
            "orleansps.server.failed_snapshots", "{snapshot}", "Cuts that were given up.");
        _snapshotBytes = _meter.CreateCounter<long>("orleansps.server.snapshot_bytes", "By", "Size of completed snapshots.");
        _restores = _meter.CreateCounter<long>("orleansps.server.restores", "{restore}", "Models put back to a snapshot.");
        Gauge("orleansps.server.clock", "{clock}", "The open round under BSP, otherwise the slowest clock.", s => s.Round);
        Gauge("orleansps.server.workers", "{worker}", "Ranks with a live session.",
            s => s.Workers.Count(w => w.Status == WorkerStatus.Live));
        Gauge("orleansps.server.waiting", "{worker}", "Ranks that wait at the gate.", s => s.Workers.Count(w => w.Waiting));
        Gauge("orleansps.server.stragglers", "{worker}", "Ranks that others wait for.", s => s.Workers.Count(w => w.BlocksFor is not null));
        Gauge("orleansps.server.rounds_missed", "{round}", "Rounds that closed without a live rank, over all ranks.", s => s.Workers.Sum(w => w.RoundsMissed));

        void Gauge(string name, string unit, string description, Func<ModelStatus, long> value) =>
            _meter.CreateObservableGauge(name, () => models().Select(m => m.TryGetStatus()).OfType<ModelStatus>().Select(s => Of(s, value)), unit, description);
    }

    public void Completed(SnapshotInfo snapshot)
    {
        _snapshots.Add(1, Tag(snapshot.Model));
        _snapshotBytes.Add(snapshot.Bytes, Tag(snapshot.Model));
    }

    public void Failed(string model) => _failedSnapshots.Add(1, Tag(model));

    public void Restored(string model) => _restores.Add(1, Tag(model));

    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Of(ModelStatus status, Func<ModelStatus, long> value) =>
        new(value(status), Tag(status.Spec.Name));

    private static KeyValuePair<string, object?> Tag(string model) => new("model", model);
}
