namespace OrleansPs.Conformance;

/// <summary>
/// SSP(s): nobody is more than s clocks ahead, and a pull at clock c sees every update from clocks up to c - s - 1. Each push
/// leaves a mark of its own: element [rank, step] becomes 1, so what a pull has seen can be told apart.
/// </summary>
public abstract class StaleSynchronousConformance(ConformanceHost host) : HostTests(host)
{
    private const int Workers = 3;
    private const int Steps = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Nobody_is_further_ahead_than_the_bound(int staleness)
    {
        var workers = await BeginAsync(Marks(staleness));
        var ended = new long[Workers];

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            for (var step = 0; step < Steps; step++)
            {
                for (var i = 0; i < worker.Rank * 2; i++) await Task.Yield();
                Volatile.Write(ref ended[worker.Rank], step + 1);
                var passed = await worker.ClockAsync(step + 1, end);
                Assert.InRange(passed.Staleness, 0, staleness);
                Assert.True(ended.Min() >= passed.Clock - staleness, "It was let through too early.");
            }
        }, Limit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_fast_worker_gets_as_far_as_the_bound_and_waits_there(int staleness)
    {
        var workers = await BeginAsync(Marks(staleness) with { Workers = 2 });

        for (var step = 1; step <= staleness; step++)
            Assert.Equal(step, (await workers[0].ClockAsync(step, Limit)).Staleness);
        var waiting = workers[0].ClockAsync(staleness + 1, Limit).AsTask();
        await UntilWaiting(workers[0].Model, 0);
        Assert.False(waiting.IsCompleted);
        await workers[1].ClockAsync(1, Limit);

        Assert.Equal(new ClockResult(staleness + 1, 1), await waiting);
    }

    [Theory]
    [InlineData(0, PullCache.Off)]
    [InlineData(1, PullCache.Off)]
    [InlineData(3, PullCache.Off)]
    [InlineData(0, PullCache.WithinBound)]
    [InlineData(1, PullCache.WithinBound)]
    [InlineData(3, PullCache.WithinBound)]
    public async Task A_pull_sees_every_update_that_the_bound_promises(int staleness, PullCache cache)
    {
        var spec = Marks(staleness);
        var workers = await JoinAllAsync(await CreateAsync(spec), Workers, new() { Cache = cache });
        using var hits = new ModelCounter("orleansps.client.cache_hits", spec.Name);

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            var seen = TensorSet.For(spec);
            for (var step = 0; step < Steps; step++)
            {
                for (var pull = 0; pull < 2; pull++)
                {
                    await worker.PullAsync(seen, end);
                    RequireMarks(seen, worker.Position.Clock - staleness, own: cache == PullCache.Off ? worker : null);
                    await Task.Yield();
                }
                await worker.PushAsync(Mark(spec, worker.Rank, step), end);
                await worker.ClockAsync(step + 1, end);
            }
        }, Limit);

        // Within a step the second pull is always answered by the first one's copy.
        if (cache == PullCache.WithinBound) Assert.True(hits.Total >= Workers * Steps, $"There were {hits.Total} hits.");
        else Assert.Equal(0, hits.Total);
        Tensors.AllAre(1, await ReadAsync(spec));
    }

    [Fact]
    public async Task A_cached_pull_is_read_anew_when_its_copy_is_too_old()
    {
        var spec = Marks(staleness: 1) with { Workers = 2 };
        var workers = await JoinAllAsync(await CreateAsync(spec), 2, new() { Cache = PullCache.WithinBound });
        using var hits = new ModelCounter("orleansps.client.cache_hits", spec.Name);
        var seen = TensorSet.For(spec);

        await workers[0].PullAsync(seen, Limit);
        await workers[1].PushAsync(Mark(spec, 1, 0), Limit);
        await workers[0].ClockAsync(1, Limit);
        await workers[0].PullAsync(seen, Limit);
        Assert.True(hits.Total > 0);
        Assert.Equal(0, seen["marks1"].Span[0]);
        var before = hits.Total;
        await workers[1].ClockAsync(1, Limit);
        await workers[0].ClockAsync(2, Limit);
        await workers[0].PullAsync(seen, Limit);

        Assert.Equal(before, hits.Total);
        Assert.Equal(1, seen["marks1"].Span[0]);
    }

    [Fact]
    public async Task A_worker_that_runs_out_of_data_no_longer_holds_the_others_back()
    {
        var workers = await BeginAsync(Marks(staleness: 1) with { Workers = 2 });
        await workers[0].ClockAsync(1, Limit);
        var waiting = workers[0].ClockAsync(2, Limit).AsTask();
        await UntilWaiting(workers[0].Model, 0);

        await workers[1].OutOfDataAsync(Limit);

        Assert.Equal(0, (await waiting).Staleness);
        for (var step = 3; step < 10; step++) await workers[0].ClockAsync(step, Limit);
    }

    // One parameter for each rank.
    private ModelSpec Marks(int staleness) => Spec(
        [.. Enumerable.Range(0, Workers).Select(r => new DenseParameter($"marks{r}", [Steps]))]) with
    {
        Consistency = ConsistencyPolicy.StaleSynchronous(staleness), Workers = Workers,
    };

    private static TensorSet Mark(ModelSpec spec, int rank, int step)
    {
        var mark = Tensors.Full((spec.Parameters[rank], 0));
        mark[0].Value.Span[step] = 1;
        return mark;
    }

    private static void RequireMarks(TensorSet seen, long below, IParameterWorker? own)
    {
        for (var rank = 0; rank < seen.Count; rank++)
        {
            var promised = own?.Rank == rank ? own.Position.Step : Math.Max(0, below);
            for (var step = 0; step < promised; step++)
                Assert.True(seen[rank].Value.Span[step] == 1, $"The update of rank {rank} at clock {step} is missing.");
        }
    }
}
