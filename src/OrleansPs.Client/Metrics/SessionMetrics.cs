using System.Diagnostics.Metrics;

namespace OrleansPs.Client;

/// <summary>One model's view of the instruments: the tag is made once, so that measuring allocates nothing.</summary>
internal sealed class SessionMetrics(SessionEnvironment environment, string model)
{
    private readonly ClientMetrics _metrics = environment.Metrics;
    private readonly TimeProvider _time = environment.Time;
    private readonly KeyValuePair<string, object?> _tag = new("model", model);

    public long Now() => _time.GetTimestamp();

    public void Pushed(long bytes, long start)
    {
        Count(_metrics.Pushes, 1);
        Count(_metrics.BytesPushed, bytes);
        Took(_metrics.PushSeconds, start);
    }

    public void Pulled(long bytes, long start)
    {
        Count(_metrics.Pulls, 1);
        Count(_metrics.BytesPulled, bytes);
        Took(_metrics.PullSeconds, start);
    }

    public void Clocked(ClockResult result, long start)
    {
        Count(_metrics.Clocks, 1);
        _metrics.Staleness.Record(result.Staleness, _tag);
        Took(_metrics.GateSeconds, start);
    }

    public void Retried() => Count(_metrics.Retries, 1);

    public void Restarted() => Count(_metrics.Restarts, 1);

    public void CacheHit() => Count(_metrics.CacheHits, 1);

    public void PrefetchHit() => Count(_metrics.PrefetchHits, 1);

    public void Skipped() => Count(_metrics.Skipped, 1);

    private void Count(Counter<long> counter, long amount) => counter.Add(amount, _tag);

    private void Took(Histogram<double> histogram, long start)
    {
        if (histogram.Enabled) histogram.Record(_time.GetElapsedTime(start).TotalSeconds, _tag);
    }
}
