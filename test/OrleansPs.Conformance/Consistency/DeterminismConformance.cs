namespace OrleansPs.Conformance;

/// <summary>
/// BSP gives the same bits whatever the order of arrival, the threads and the block size, and whether a worker dies on the
/// way. Gradients are seeded noise plus a part of what was pulled, so that nothing about them sums exactly, and a pull of a wrong
/// version would show.
/// </summary>
public abstract class DeterminismConformance(ConformanceHost host) : HostTests(host)
{
    private const int Workers = 3;
    private const int Steps = 10;

    public static TheoryData<string> Optimizers => Conformance.Optimizers.All;

    [Theory]
    [MemberData(nameof(Optimizers))]
    public async Task The_result_has_the_same_bits_on_every_run_and_in_every_order(string optimizer)
    {
        var expected = await InOrderAsync(NoisySpec(optimizer, 4096), shuffle: null);

        Tensors.SameBits(expected, await InOrderAsync(NoisySpec(optimizer, 4096), shuffle: 1));
        Tensors.SameBits(expected, await InOrderAsync(NoisySpec(optimizer, 4096 + 192), shuffle: 2));
        Tensors.SameBits(expected, await InOrderAsync(NoisySpec(optimizer, 1 << 20), shuffle: 3));
        Tensors.SameBits(expected, await OnThreadsAsync(NoisySpec(optimizer, 4096)));
        Tensors.SameBits(expected, await OnThreadsAsync(NoisySpec(optimizer, 16 << 10)));
    }

    [Theory]
    [InlineData("momentum", true)]
    [InlineData("adam", true)]
    [InlineData("adamw", false)]
    [InlineData("assign", false)]
    public async Task A_worker_that_dies_within_a_step_leaves_no_trace(string optimizer, bool evicts)
    {
        var expected = await InOrderAsync(NoisySpec(optimizer, 4096), shuffle: null);
        var spec = NoisySpec(optimizer, 4096);
        var workers = await BeginAsync(spec);
        for (var step = 0; step < Steps; step++)
        {
            if (step % 3 == 1) workers[step % Workers] = await DieWithinStepAsync(spec, step % Workers, evicts);
            foreach (var worker in workers) await WorkAsync(worker, Limit);
            await Crowd.ClockAsync(workers, Limit);
        }

        Tensors.SameBits(expected, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_worker_that_dies_for_good_leaves_no_half_step()
    {
        var spec = Spec(new DenseParameter("a", [1500]), new DenseParameter("b", [1500])) with { Workers = 2 };
        var workers = await BeginAsync(spec);
        var mortal = await JoinMortalAsync(spec.Name, 1);

        await mortal.Session.PushAsync(Tensors.Full((spec.Parameters[0], 100)), Limit);
        await workers[0].PushAsync(Tensors.Full(spec, 1), Limit);
        mortal.Kill();
        await Server.EvictAsync(spec.Name, 1, Limit);
        await workers[0].ClockAsync(1, Limit);

        Tensors.AllAre(1, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task What_a_dead_worker_pushed_does_not_count_for_a_successor_that_pushes_nothing()
    {
        var spec = Spec(new DenseParameter("a", [1500])) with { Workers = 2 };
        var workers = await BeginAsync(spec);
        var mortal = await JoinMortalAsync(spec.Name, 1);

        await mortal.Session.PushAsync(Tensors.Full(spec, 100), Limit);
        mortal.Kill();
        var successor = await JoinAsync(spec.Name, 1);
        await workers[0].PushAsync(Tensors.Full(spec, 1), Limit);
        await Crowd.ClockAsync([workers[0], successor], Limit);

        Tensors.AllAre(1, await Tensors.PullAsync(successor, Limit));
    }

    [Fact]
    public async Task A_step_that_was_ended_counts_though_its_worker_died_before_the_round_closed()
    {
        var spec = Spec(new DenseParameter("a", [1500])) with { Workers = 2 };
        var workers = await BeginAsync(spec);
        var mortal = await JoinMortalAsync(spec.Name, 1);

        await mortal.Session.PushAsync(Tensors.Full(spec, 100), Limit);
        var clock = mortal.Session.ClockAsync(1, Limit).AsTask();
        await UntilWaiting(spec.Name, 1);
        mortal.Kill();
        await Server.EvictAsync(spec.Name, 1, Limit);
        await Assert.ThrowsAsync<StepRestartException>(() => clock);
        await workers[0].PushAsync(Tensors.Full(spec, 1), Limit);
        await workers[0].ClockAsync(1, Limit);

        Tensors.AllAre(101, await Tensors.PullAsync(workers[0], Limit));
        Assert.Equal(1, (await JoinAsync(spec.Name, 1)).Position.Step);
    }

    private ModelSpec NoisySpec(string optimizer, int blockBytes) => Spec(
        new("a", [300], Initializer.Normal()), new("b", [2500], Initializer.Uniform(-1, 1)), new("c", []), new("d", [3, 5, 41])) with
    {
        Optimizer = Conformance.Optimizers.Of(optimizer),
        Reduction = Reduction.Mean,
        BlockBytes = blockBytes,
        Workers = Workers,
        Seed = 5,
    };

    /// <summary>One worker after the other; with a seed in an order that it draws for every step.</summary>
    private async Task<float[]> InOrderAsync(ModelSpec spec, int? shuffle)
    {
        var workers = await BeginAsync(spec);
        var order = workers.ToArray();
        var random = new Random(shuffle ?? 0);
        for (var step = 0; step < Steps; step++)
        {
            if (shuffle is not null) random.Shuffle(order);
            foreach (var worker in order) await WorkAsync(worker, Limit);
            if (shuffle is not null) random.Shuffle(order);
            await Crowd.ClockAsync(order, Limit);
        }
        return await Tensors.PullAsync(workers[0], Limit);
    }

    private async Task<float[]> OnThreadsAsync(ModelSpec spec)
    {
        var workers = await BeginAsync(spec);
        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            for (var step = 0; step < Steps; step++)
            {
                await WorkAsync(worker, end);
                await worker.ClockAsync(step + 1, end);
            }
        }, Limit);
        return await Tensors.PullAsync(workers[0], Limit);
    }

    /// <summary>
    /// A rank is taken over, pushes a part of its step, dies, and is taken over again. What the dead one still sends is either
    /// refused or forgotten.
    /// </summary>
    private async Task<IParameterWorker> DieWithinStepAsync(ModelSpec spec, int rank, bool evicts)
    {
        var mortal = await JoinMortalAsync(spec.Name, rank);
        var (step, half) = (mortal.Session.Position.Step, Noise.Array(2500, 77));
        await mortal.Session.PushAsync("b", half, Limit);
        mortal.Kill();
        if (evicts) await Server.EvictAsync(spec.Name, rank, Limit);
        var successor = await JoinAsync(spec.Name, rank);
        Assert.Equal(step, successor.Position.Step);
        var late = await Record.ExceptionAsync(() => mortal.Session.PushAsync("b", half, Limit).AsTask());
        Assert.True(late is null or FencedException, late?.ToString());
        await Assert.ThrowsAsync<FencedException>(() => mortal.Session.ClockAsync(1000, Limit).AsTask());
        return successor;
    }

    /// <summary>The work of one step, twice pushed, for the data that the rank's position names.</summary>
    private static async Task WorkAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        var (values, gradient) = (TensorSet.For(worker.Spec), TensorSet.For(worker.Spec));
        await worker.PullAsync(values, cancellationToken);
        for (var push = 0; push < 2; push++)
        {
            Noise.Fill(gradient, 31 + push, worker.Rank, worker.Position.Cursor);
            foreach (var (name, g) in gradient)
                for (var i = 0; i < g.Length; i++) g.Span[i] += 0.1f * values[name].Span[i];
            await worker.PushAsync(gradient, cancellationToken);
        }
    }
}
