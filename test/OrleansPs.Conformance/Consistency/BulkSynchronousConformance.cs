namespace OrleansPs.Conformance;

/// <summary>BSP: steps are atomic, and who came first leaves no trace in the result.</summary>
public abstract class BulkSynchronousConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter[] Parameters =
        [new("a", [700]), new("b", [2500]), new("c", []), new("d", [900])];

    [Fact]
    public async Task Every_pull_of_a_step_sees_one_version()
    {
        const int steps = 60;
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 3 });

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            var (ones, halves) = (Tensors.Full(worker.Spec, 1), Halves());
            for (var step = 0; step < steps; step++)
            {
                foreach (var half in halves)
                {
                    await worker.PullAsync(half, end);
                    Tensors.AllAre(3 * step, Tensors.Flat(half));
                    if (half == halves[0]) await worker.PushAsync(ones, end);
                    await Task.Yield();
                }
                var passed = await worker.ClockAsync(step + 1, end);
                Assert.Equal(new ClockResult(step + 1, step + 1), passed);
            }
        }, Limit);

        Tensors.AllAre(3 * steps, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_round_waits_for_every_worker()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 3 });

        var first = workers[0].ClockAsync(1, Limit).AsTask();
        var second = workers[2].ClockAsync(1, Limit).AsTask();
        await UntilWaiting(workers[0].Model, 0);
        await UntilWaiting(workers[0].Model, 2);
        Assert.Equal(0, (await StatusAsync(workers[0].Model)).Round);
        await workers[1].ClockAsync(1, Limit);

        Assert.Equal(0, (await first).Staleness);
        await second;
        Assert.Equal(1, (await StatusAsync(workers[0].Model)).Round);
    }

    [Fact]
    public async Task A_round_waits_for_workers_that_have_not_joined_yet()
    {
        var spec = Spec(Parameters) with { Workers = 2 };
        var early = await JoinAsync(await CreateAsync(spec), 0);

        var waiting = early.ClockAsync(1, Limit).AsTask();
        await UntilWaiting(spec.Name, 0);
        var late = await JoinAsync(spec.Name, 1);
        Assert.Equal(new WorkerPosition(0, 0, 0), late.Position);
        Assert.False(waiting.IsCompleted);
        await late.ClockAsync(1, Limit);

        Assert.Equal(1, (await waiting).Clock);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task So_many_workers_are_one_worker_with_the_whole_batch(int count)
    {
        var many = await BeginAsync(Spec(Parameters) with
        {
            Workers = count, Optimizer = Optimizer.Adam(), Reduction = Reduction.Mean,
        });
        var one = await BeginAsync(many[0].Spec with { Name = NewName(), Workers = 1 });
        for (var step = 0; step < 6; step++)
        {
            var batch = Tensors.Full(one[0].Spec, 0);
            foreach (var worker in many)
            {
                var share = Exact(worker, step);
                foreach (var (name, sum) in batch)
                    for (var i = 0; i < sum.Length; i++) sum.Span[i] += share[name].Span[i];
                await worker.PushAsync(share, Limit);
            }
            foreach (var (_, sum) in batch)
                for (var i = 0; i < sum.Length; i++) sum.Span[i] /= count;
            await one[0].PushAsync(batch, Limit);
            await Crowd.ClockAsync([.. many, .. one], Limit);
        }

        Tensors.SameBits(await Tensors.PullAsync(one[0], Limit), await Tensors.PullAsync(many[count - 1], Limit));
    }

    [Fact]
    public async Task The_mean_is_over_the_round_and_not_over_those_that_pushed()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 4, Reduction = Reduction.Mean });

        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 2), Limit);
        await Crowd.ClockAsync(workers, Limit);

        Tensors.AllAre(0.5f, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task Workers_that_run_out_of_data_hold_nobody_up()
    {
        int[] lengths = [3, 11, 0, 6];
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 4 });

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            var ones = Tensors.Full(worker.Spec, 1);
            for (var step = 0; step < lengths[worker.Rank]; step++)
            {
                await worker.PushAsync(ones, end);
                await worker.ClockAsync(step + 1, end);
            }
            await worker.OutOfDataAsync(end);
        }, Limit);

        Tensors.AllAre(lengths.Sum(), await ReadAsync(workers[0].Spec));
        Assert.All((await StatusAsync(workers[0].Model)).Workers, w => Assert.Equal(WorkerStatus.OutOfData, w.Status));
    }

    [Fact]
    public async Task A_worker_comes_back_with_new_data_in_the_open_round()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 2 });
        await workers[1].OutOfDataAsync(Limit);
        for (var step = 0; step < 4; step++) await workers[0].ClockAsync(step + 1, Limit);

        var position = await workers[1].ResumeAsync(Limit);
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 1), Limit);
        await Crowd.ClockAsync(workers, Limit);

        Assert.Equal(new WorkerPosition(0, 4, 0), position);
        Assert.Equal(new WorkerPosition(1, 5, 1), workers[1].Position);
        Tensors.AllAre(1, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task The_position_counts_steps_clocks_and_cursors()
    {
        var worker = (await BeginAsync(Spec(Parameters)))[0];

        Assert.Equal(new WorkerPosition(0, 0, 0), worker.Position);
        await worker.ClockAsync(640, Limit);
        await worker.ClockAsync(1280, Limit);

        Assert.Equal(new WorkerPosition(2, 2, 1280), worker.Position);
        var seen = await WorkerAsync(worker.Model, 0);
        Assert.Equal((2, 2, 1280, WorkerStatus.Live), (seen.Step, seen.Clock, seen.Cursor, seen.Status));
    }

    private static TensorSet[] Halves()
    {
        var halves = new TensorSet[] { [], [] };
        for (var i = 0; i < Parameters.Length; i++) halves[i % 2].Add(Parameters[i].Name, new float[Parameters[i].Length]);
        return halves;
    }

    // Multiples of 1/256 below 1: their sums are exact in any order.
    private static TensorSet Exact(IParameterWorker worker, int step)
    {
        var set = TensorSet.For(worker.Spec);
        Noise.Fill(set, 21, worker.Rank, step);
        foreach (var (_, values) in set)
            for (var i = 0; i < values.Length; i++) values.Span[i] = MathF.Round(values.Span[i] * 256) / 256;
        return set;
    }
}
