using System.Diagnostics.Metrics;

namespace OrleansPs.Conformance;

/// <summary>Adds up what one instrument measures of one model.</summary>
public sealed class ModelCounter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly string _model;
    private long _total;

    public ModelCounter(string instrument, string model)
    {
        _model = model;
        _listener.InstrumentPublished = (found, listener) =>
        {
            if (found.Name == instrument) listener.EnableMeasurementEvents(found);
        };
        _listener.SetMeasurementEventCallback<long>((_, amount, tags, _) => Add(amount, tags));
        _listener.Start();
    }

    public long Total => Interlocked.Read(ref _total);

    /// <summary>Asks a gauge for what it shows now.</summary>
    public long Observe()
    {
        Interlocked.Exchange(ref _total, 0);
        _listener.RecordObservableInstruments();
        return Total;
    }

    public void Dispose() => _listener.Dispose();

    private void Add(long amount, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
            if (tag.Key == "model" && (string?)tag.Value == _model) Interlocked.Add(ref _total, amount);
    }
}
