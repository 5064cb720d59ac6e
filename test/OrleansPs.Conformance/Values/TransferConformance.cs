namespace OrleansPs.Conformance;

/// <summary>What is pushed arrives, and what is pulled is what is there: whole, in its place, under every shape of a model.</summary>
public abstract class TransferConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter Weights = new("w", [3, 5], Initializer.Constant(2));
    private static readonly DenseParameter Bias = new("b", [5]);

    [Fact]
    public async Task A_pull_reads_the_first_values()
    {
        var workers = await BeginAsync(Spec(Weights, Bias));

        var values = await Tensors.PullAsync(workers[0], Limit);

        Tensors.AllAre(2, values.AsMemory(0, 15));
        Tensors.AllAre(0, values.AsMemory(15));
    }

    [Fact]
    public async Task A_push_changes_what_the_next_step_pulls()
    {
        var worker = (await BeginAsync(Spec(Weights, Bias)))[0];

        await worker.PushAsync(Tensors.Full((Weights, 0.5f), (Bias, -1)), Limit);
        await worker.ClockAsync(1, Limit);

        var values = await Tensors.PullAsync(worker, Limit);
        Tensors.AllAre(2.5f, values.AsMemory(0, 15));
        Tensors.AllAre(-1, values.AsMemory(15));
    }

    [Fact]
    public async Task Under_BSP_the_pushes_of_a_step_add_up_and_show_when_the_round_is_closed()
    {
        var worker = (await BeginAsync(Spec(Bias)))[0];

        await worker.PushAsync(Tensors.Full((Bias, 1)), Limit);
        await worker.PushAsync(Tensors.Full((Bias, 2)), Limit);
        Tensors.AllAre(0, await Tensors.PullAsync(worker, Limit));
        await worker.ClockAsync(1, Limit);

        Tensors.AllAre(3, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task Pushes_that_are_under_way_at_the_same_time_all_count_in_their_order()
    {
        var worker = (await BeginAsync(Spec(Weights, new DenseParameter("large", [6000]))))[0];
        var expected = await Tensors.PullAsync(worker, Limit);
        var gradients = Enumerable.Range(0, 12).Select(_ => TensorSet.For(worker.Spec)).ToArray();
        var sum = new float[expected.Length];
        for (var push = 0; push < gradients.Length; push++)
        {
            Noise.Fill(gradients[push], 9, 0, push);
            sum = [.. sum.Zip(Tensors.Flat(gradients[push]), (s, g) => s + g)];
        }

        await Task.WhenAll(gradients.Select(g => worker.PushAsync(g, Limit).AsTask()));
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits([.. expected.Zip(sum, (v, s) => v + s)], await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task Under_ASP_a_push_shows_at_once()
    {
        var worker = (await BeginAsync(Spec(Bias) with { Consistency = ConsistencyPolicy.Asynchronous }))[0];

        await worker.PushAsync(Tensors.Full((Bias, 1)), Limit);
        Tensors.AllAre(1, await Tensors.PullAsync(worker, Limit));
        await worker.PushAsync(Tensors.Full((Bias, 2)), Limit);

        Tensors.AllAre(3, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_push_pull_under_BSP_gives_the_version_of_the_open_round()
    {
        var worker = (await BeginAsync(Spec(Bias)))[0];
        var values = TensorSet.For(worker.Spec);

        await worker.PushPullAsync(Tensors.Full((Bias, 7)), values, Limit);
        Tensors.AllAre(0, Tensors.Flat(values));
        await worker.ClockAsync(1, Limit);
        await worker.PushPullAsync(Tensors.Full((Bias, 1)), values, Limit);

        Tensors.AllAre(7, Tensors.Flat(values));
    }

    [Fact]
    public async Task A_push_pull_under_ASP_gives_the_values_with_its_own_push()
    {
        var worker = (await BeginAsync(Spec(Bias) with { Consistency = ConsistencyPolicy.Asynchronous }))[0];
        var values = TensorSet.For(worker.Spec);

        await worker.PushPullAsync(Tensors.Full((Bias, 7)), values, Limit);

        Tensors.AllAre(7, Tensors.Flat(values));
    }

    [Fact]
    public async Task A_prefetch_is_taken_by_the_next_pull_of_its_set()
    {
        var worker = (await BeginAsync(Spec(Weights, Bias)))[0];
        using var hits = new ModelCounter("orleansps.client.prefetch_hits", worker.Model);
        var values = TensorSet.For(worker.Spec);

        worker.Prefetch(values);
        await worker.PullAsync(values, Limit);

        Assert.Equal(1, hits.Total);
        Tensors.AllAre(2, values["w"]);
    }

    [Fact]
    public async Task A_prefetch_of_an_earlier_round_is_not_taken_under_BSP()
    {
        var worker = (await BeginAsync(Spec(Weights)))[0];
        using var hits = new ModelCounter("orleansps.client.prefetch_hits", worker.Model);
        var values = TensorSet.For(worker.Spec);

        worker.Prefetch(values);
        await worker.PushAsync(Tensors.Full((Weights, 1)), Limit);
        await worker.ClockAsync(1, Limit);
        await worker.PullAsync(values, Limit);

        Tensors.AllAre(3, values["w"]);
        Assert.Equal(0, hits.Total);
    }

    [Fact]
    public async Task A_prefetch_writes_nothing_before_a_pull_takes_it()
    {
        var worker = (await BeginAsync(Spec(Weights)))[0];
        var values = Tensors.Full((Weights, 99));

        worker.Prefetch(values);
        await Tensors.PullAsync(worker, Limit);

        Tensors.AllAre(99, values["w"]);
        await worker.PullAsync(values, Limit);
        Tensors.AllAre(2, values["w"]);
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(2, 4096 + 64)]
    [InlineData(3, 64 << 10)]
    [InlineData(4, 1 << 20)]
    public async Task Many_parameters_keep_to_their_places_in_blocks(int seed, int blockBytes)
    {
        var parameters = Many(seed);
        var spec = Spec(parameters) with { BlockBytes = blockBytes };
        var worker = (await BeginAsync(spec))[0];
        var pushed = TensorSet.For(spec);
        Noise.Fill(pushed, seed, 0, 0);

        await worker.PushAsync(pushed, Limit);
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits(Tensors.Flat(pushed), await Tensors.PullAsync(worker, Limit));
        foreach (var some in Subsets(parameters, seed)) await PullsWhatWasPushed(worker, some, pushed);
        Assert.InRange((await StatusAsync(spec.Name)).Blocks, spec.Length * 4 / blockBytes, parameters.Length + spec.Length * 4 / blockBytes);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_push_of_some_parameters_leaves_the_others_alone(int seed)
    {
        var parameters = Many(seed);
        var worker = (await BeginAsync(Spec(parameters)))[0];
        var some = Subsets(parameters, seed).First();

        await worker.PushAsync(Tensors.Full([.. some.Select(p => (p, 1f))]), Limit);
        await worker.ClockAsync(1, Limit);

        var values = TensorSet.For(worker.Spec);
        await worker.PullAsync(values, Limit);
        foreach (var p in parameters) Tensors.AllAre(some.Contains(p) ? 1 : 0, values[p.Name]);
    }

    [Fact]
    public async Task A_pull_of_one_parameter_by_name_reads_it()
    {
        var worker = (await BeginAsync(Spec(Bias, Weights)))[0];
        var values = new float[15];

        await worker.PushAsync("w", Noise.Array(15, 8), Limit);
        await worker.ClockAsync(1, Limit);
        await worker.PullAsync("w", values, Limit);

        Tensors.SameBits([.. Noise.Array(15, 8).Select(v => v + 2)], values);
    }

    private async Task PullsWhatWasPushed(IParameterWorker worker, DenseParameter[] some, TensorSet pushed)
    {
        var values = new TensorSet();
        foreach (var p in some) values.Add(p.Name, new float[p.Length]);
        await worker.PullAsync(values, Limit);
        foreach (var p in some) Tensors.SameBits(pushed[p.Name], values[p.Name]);
    }

    // Scalars, vectors of awkward lengths, and a matrix that spans blocks.
    private static DenseParameter[] Many(int seed)
    {
        var random = new Random(seed);
        DenseParameter[] parameters =
        [
            .. Enumerable.Range(0, 30).Select(i => new DenseParameter($"p{i}", i % 7 == 0 ? [] : [random.Next(1, 1500)])),
            new("large", [61, 97]),
        ];
        random.Shuffle(parameters);
        return parameters;
    }

    private static IEnumerable<DenseParameter[]> Subsets(DenseParameter[] parameters, int seed)
    {
        var random = new Random(seed);
        for (var i = 1; i <= 5; i++) yield return random.GetItems(parameters, 3 * i).Distinct().ToArray();
    }
}
