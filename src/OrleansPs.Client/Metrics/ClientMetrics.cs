using System.Diagnostics.Metrics;

namespace OrleansPs.Client;

/// <summary>
/// The instruments of worker sessions, in the meter <see cref="MeterName"/>. Every measurement has one tag: <c>model</c>.
/// </summary>
public sealed class ClientMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OrleansPs.Client";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Makes the instruments.</summary>
    public ClientMetrics()
    {
        Pushes = _meter.CreateCounter<long>("orleansps.client.pushes", "{push}", "Push calls that were acknowledged.");
        Pulls = _meter.CreateCounter<long>("orleansps.client.pulls", "{pull}", "Pull calls that were answered.");
        BytesPushed = _meter.CreateCounter<long>("orleansps.client.pushed", "By", "Gradients that were acknowledged.");
        BytesPulled = _meter.CreateCounter<long>("orleansps.client.pulled", "By", "Values that were read, from caches too.");
        Clocks = _meter.CreateCounter<long>("orleansps.client.clocks", "{clock}", "Steps that were ended.");
        Retries = _meter.CreateCounter<long>("orleansps.client.retries", "{request}", "Requests that were sent again.");
        Restarts = _meter.CreateCounter<long>("orleansps.client.restarts", "{step}", "Steps that have to be done again.");
        CacheHits = _meter.CreateCounter<long>("orleansps.client.cache_hits", "{block}", "Blocks answered by a copy.");
        PrefetchHits = _meter.CreateCounter<long>(
            "orleansps.client.prefetch_hits", "{pull}", "Pull calls answered by a prefetch.");
        Skipped = _meter.CreateCounter<long>(
            "orleansps.client.skipped_pushes", "{push}", "Push calls left out because of a NaN or an infinity.");
        Staleness = _meter.CreateHistogram<long>(
            "orleansps.client.staleness", "{clock}", "Clocks ahead of the slowest worker when let through the gate.");
        GateSeconds = _meter.CreateHistogram<double>("orleansps.client.gate", "s", "Time from the end of a step to the next.");
        PushSeconds = _meter.CreateHistogram<double>("orleansps.client.push.duration", "s", "Time of a push call.");
        PullSeconds = _meter.CreateHistogram<double>("orleansps.client.pull.duration", "s", "Time of a pull call.");
    }

    internal Counter<long> Pushes { get; }

    internal Counter<long> Pulls { get; }

    internal Counter<long> BytesPushed { get; }

    internal Counter<long> BytesPulled { get; }

    internal Counter<long> Clocks { get; }

    internal Counter<long> Retries { get; }

    internal Counter<long> Restarts { get; }

    internal Counter<long> CacheHits { get; }

    internal Counter<long> PrefetchHits { get; }

    internal Counter<long> Skipped { get; }

    internal Histogram<long> Staleness { get; }

    internal Histogram<double> GateSeconds { get; }

    internal Histogram<double> PushSeconds { get; }

    internal Histogram<double> PullSeconds { get; }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
