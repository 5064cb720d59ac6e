using System.Diagnostics.Metrics;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class MetricsTests
{
    private const string Prefix = "orleansps.client.";
    private const long Bytes = 1024 * sizeof(float);

    [Fact]
    public void The_instruments_are_these()
    {
        var instruments = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var metrics = new ClientMetrics();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter == metrics.Pushes.Meter)
                    instruments.Add(instrument.Name[Prefix.Length..], $"{instrument.GetType().Name[..^2]} of {instrument.Unit}");
            },
        };

        listener.Start();

        Assert.Equal(
            [
                "cache_hits: Counter of {block}", "clocks: Counter of {clock}", "gate: Histogram of s",
                "prefetch_hits: Counter of {pull}", "pull.duration: Histogram of s", "pulled: Counter of By",
                "pulls: Counter of {pull}", "push.duration: Histogram of s", "pushed: Counter of By",
                "pushes: Counter of {push}", "restarts: Counter of {step}", "retries: Counter of {request}",
                "skipped_pushes: Counter of {push}", "staleness: Histogram of {clock}",
            ],
            instruments.Select(i => $"{i.Key}: {i.Value}"));
        Assert.Equal("OrleansPs.Client", metrics.Pushes.Meter.Name);
    }

    [Fact]
    public async Task Pushes_and_pulls_are_counted_with_their_bytes_and_times()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2));
        using var counts = new Counts(rig);
        var (push, pull) = (rig.Transport.Hold(Call.Push), rig.Transport.Hold(Call.Pull));

        var pushing = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.Pass(2 * Rig.Second);
        push.Release();
        await pushing;
        var pulling = rig.Session.PullAsync(Rig.Tensors("a", "b")).AsTask();
        rig.Pass(3 * Rig.Second);
        pull.Release();
        await pulling;
        await rig.Session.PushPullAsync(Rig.Tensors("a"), Rig.Tensors("b"));

        Assert.Equal([1, 1], counts["pushes"]);
        Assert.Equal([Bytes, Bytes], counts["pushed"]);
        Assert.Equal([2, 0], counts["push.duration"]);
        Assert.Equal([1, 1], counts["pulls"]);
        Assert.Equal([2 * Bytes, Bytes], counts["pulled"]);
        Assert.Equal([3, 0], counts["pull.duration"]);
    }

    [Fact]
    public async Task Calls_that_fail_are_not_counted()
    {
        await using var rig = await Rig.JoinAsync();
        using var counts = new Counts(rig);
        rig.Transport.Throw(Call.Pull, new WorkerStateException("broken")).Throw(Call.Push, new WorkerStateException("broken"));

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(Rig.Tensors("a")).AsTask());

        foreach (var name in new[] { "pushes", "pulls", "pushed", "pulled", "push.duration", "pull.duration" })
            Assert.Empty(counts[name]);
        Assert.Equal([1], counts["restarts"]);
    }

    [Fact]
    public async Task Clocks_are_counted_with_their_staleness_and_the_time_at_the_gate()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(3)));
        using var counts = new Counts(rig);
        rig.Transport.On(Call.Clock, async _ =>
        {
            await Task.Delay(Rig.Second, rig.Time);
            return new ClockReply(CoordinatorStatus.Ok, 3, 1, 0, 1, null);
        });

        var clock = rig.Session.ClockAsync(1).AsTask();
        rig.PassUntilEnd(clock);
        await clock;

        Assert.Equal([1], counts["clocks"]);
        Assert.Equal([2], counts["staleness"]);
        Assert.Equal([1], counts["gate"]);
    }

    [Fact]
    public async Task Requests_that_are_sent_again_are_counted()
    {
        await using var rig = await Rig.JoinAsync();
        using var counts = new Counts(rig);
        rig.Transport.Throw(Call.Push, new ServerUnavailableException("down"), times: 2)
            .Throw(Call.Clock, new ServerUnavailableException("down"));

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.PassUntilEnd(push);
        var clock = rig.Session.ClockAsync(1).AsTask();
        rig.PassUntilEnd(clock);

        Assert.Equal([1, 1, 1], counts["retries"]);
    }

    [Fact]
    public async Task Copies_prefetches_and_skipped_pushes_are_counted()
    {
        var spec = Rig.SpecOf(2, ConsistencyPolicy.StaleSynchronous(3)) with { NonFinite = NonFinitePolicy.Skip };
        await using var rig = await Rig.JoinAsync(spec, new() { Cache = PullCache.WithinBound });
        using var counts = new Counts(rig);
        var values = Rig.Tensors("a", "b");
        rig.Session.Prefetch(values);
        await rig.Session.PullAsync(values);
        await rig.Session.PullAsync(values);
        values["a"].Span[0] = float.NaN;

        await rig.Session.PushAsync(values);

        Assert.Equal([1], counts["prefetch_hits"]);
        Assert.Equal([1, 1], counts["cache_hits"]);
        Assert.Equal([1, 1], counts["pulls"]);
        Assert.Equal([2 * Bytes, 2 * Bytes], counts["pulled"]);
        Assert.Equal([1], counts["skipped_pushes"]);
        Assert.Empty(counts["pushes"]);
    }

    /// <summary>Every measurement of one rig's instruments, by instrument.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<(string Name, double Value)> _measurements = [];

        public Counts(Rig rig)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == rig.Metrics.Pushes.Meter) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public IEnumerable<double> this[string name] =>
            _measurements.Where(m => m.Name == Prefix + name).Select(m => Math.Round(m.Value, 1));

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Assert.Equal([new("model", "m")], tags.ToArray());
            _measurements.Add((instrument.Name, value));
        }
    }
}
