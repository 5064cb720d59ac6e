using System.Diagnostics.Metrics;

namespace OrleansPs.Train;

/// <summary>
/// Counts the snapshots of a model that this process completes. Their numbers would not do, for a cut that is given up
/// has one too; nor would a list, for old snapshots are removed.
/// </summary>
internal sealed class SnapshotCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly string _model;
    private long _completed;

    public SnapshotCount(string model)
    {
        _model = model;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "OrleansPs.Server", Name: "orleansps.server.snapshots" }) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => Add(count, tags));
        _listener.Start();
    }

    public int Completed => (int)Interlocked.Read(ref _completed);

    public void Dispose() => _listener.Dispose();

    private void Add(long count, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
            if (tag.Key == "model" && tag.Value is string model && model == _model) Interlocked.Add(ref _completed, count);
    }
}
