namespace OrleansPs.Conformance;

/// <summary>What workers see of embedding tables.</summary>
public abstract class TableConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly EmbeddingTable s_items = new("items", 3, Initializer.Normal(std: 0.1f)) { Shards = 4 };

    [Fact]
    public async Task A_row_that_was_never_pushed_has_values_of_seed_and_key_alone()
    {
        var one = await BeginAsync(Model(s_items) with { Seed = 7 });
        var same = await BeginAsync(Model(s_items with { Shards = 1 }) with { Seed = 7 });
        var other = await BeginAsync(Model(s_items) with { Seed = 8 });
        long[] keys = [long.MinValue, -1, 0, 1, 2, 1 << 20, long.MaxValue];

        var values = await Rows.PullAsync(one[0], s_items, keys, Limit);
        Tensors.SameBits(values, await Rows.PullAsync(same[0], s_items, keys, Limit));
        Assert.Equal(values.Length, values.Distinct().Count());
        Assert.NotEqual(values, await Rows.PullAsync(other[0], s_items, keys, Limit));
        Tensors.SameBits(values, await Rows.ReadAsync(Server, one[0].Model, s_items, keys, Limit));
    }

    [Fact]
    public async Task Keys_come_in_any_order_and_as_often_as_one_likes()
    {
        var worker = (await BeginAsync(Model(s_items)))[0];
        var once = await Rows.PullAsync(worker, s_items, [1, 2, 3], Limit);
        var mixed = await Rows.PullAsync(worker, s_items, [3, 1, 3, 2, 1], Limit);

        Tensors.SameBits([.. once[6..9], .. once[..3], .. once[6..9], .. once[3..6], .. once[..3]], mixed);
    }

    [Fact]
    public async Task Gradients_of_one_key_are_added_up()
    {
        var worker = (await BeginAsync(Model(s_items)))[0];
        var before = await Rows.PullAsync(worker, s_items, [5, 9], Limit);
        await worker.PushRowsAsync(Rows.Set(s_items, [5, 9, 5], [1, 2, 3, 10, 10, 10, 4, 5, 6]), Limit);
        await worker.ClockAsync(1, Limit);

        var after = await Rows.PullAsync(worker, s_items, [5, 9], Limit);
        float[] moved = [5, 7, 9, 10, 10, 10];
        for (var i = 0; i < 6; i++) Assert.Equal(before[i] - (0.5f * moved[i]), after[i]);
    }

    [Fact]
    public async Task A_push_changes_the_rows_it_names_and_no_other()
    {
        var worker = (await BeginAsync(Model(s_items) with { Optimizer = Optimizer.Adam(weightDecay: 0.1) }))[0];
        var before = await Rows.PullAsync(worker, s_items, [1, 2], Limit);
        for (var step = 0; step < 3; step++)
        {
            await Rows.PushAsync(worker, s_items, [1], 1, Limit);
            await worker.ClockAsync(step, Limit);
        }

        var after = await Rows.PullAsync(worker, s_items, [1, 2], Limit);
        Assert.NotEqual(before[..3], after[..3]);
        Tensors.SameBits(before.AsMemory(3), after.AsMemory(3));
    }

    [Fact]
    public async Task Under_BSP_a_row_gets_the_mean_over_the_workers_of_the_round()
    {
        var spec = Model(s_items) with { Workers = 4, Optimizer = Optimizer.Sgd(lr: 1) };
        var workers = await BeginAsync(spec);
        var before = await Rows.PullAsync(workers[0], s_items, [1, 2, 3], Limit);
        for (var rank = 0; rank < 4; rank++) await Rows.PushAsync(workers[rank], s_items, rank == 3 ? [1, 3] : [1], 4 * (rank + 1), Limit);
        await Task.WhenAll(workers.Select(w => w.ClockAsync(1, Limit).AsTask()));

        var after = await Rows.PullAsync(workers[1], s_items, [1, 2, 3], Limit);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(before[i] - 10, after[i]);
            Assert.Equal(before[3 + i], after[3 + i]);
            Assert.Equal(before[6 + i] - 4, after[6 + i]);
        }
    }

    [Theory]
    [MemberData(nameof(Optimizers.All), MemberType = typeof(Optimizers))]
    public async Task Under_BSP_the_order_of_arrival_and_the_shards_change_no_bit(string optimizer)
    {
        var spec = Model(s_items) with { Workers = 3, Optimizer = Optimizers.Of(optimizer) };
        var other = spec with { Name = NewName(), Tables = [s_items with { Shards = 1 }] };
        long[] keys = [.. Enumerable.Range(0, 40).Select(i => (long)i)];

        var forth = await TrainAsync(await BeginAsync(spec), [0, 1, 2]);
        var back = await TrainAsync(await BeginAsync(other), [2, 0, 1]);
        Tensors.SameBits(
            await Rows.PullAsync(forth[0], s_items, keys, Limit), await Rows.PullAsync(back[2], s_items, keys, Limit));
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Tables_and_dense_parameters_go_together(string mode)
    {
        var users = new EmbeddingTable("users", 2) { Shards = 2, Optimizer = Optimizer.Sum() };
        var spec = Ledgers.Spec(NewName(), mode, workers: 2) with { Tables = [s_items with { Optimizer = Optimizer.Sum() }, users] };
        var workers = await BeginAsync(spec);
        await Task.WhenAll(workers.Select(async worker =>
        {
            for (var step = 0; step < 5; step++)
            {
                var both = new RowSet();
                both.Add("items", new long[] { 1, 2 }, new float[] { 1, 1, 1, 1, 1, 1 });
                both.Add("users", new long[] { worker.Rank }, new float[] { 1, 2 });
                await worker.PushRowsAsync(both, Limit);
                await Ledgers.StepAsync(worker, Limit);
            }
        }));

        Tensors.AllAre(10, (await ReadAsync(spec)).AsMemory(0, 1024));
        Tensors.SameBits([5, 10, 5, 10, 0, 0], await Rows.ReadAsync(Server, spec.Name, users, [0, 1, 2], Limit));
    }

    [Theory]
    [InlineData(new long[] { 3, 1, 2, 1 }, new long[] { 3, 1, 2, 1 })]
    [InlineData(new long[] { 3, 1, 2, 1 }, new long[] { 2, 8, 3 })]
    [InlineData(new long[] { 1 }, new long[] { 8, 9 })]
    public async Task A_push_pull_under_ASP_gives_the_rows_with_its_own_push(long[] pushed, long[] pulled)
    {
        var table = s_items with { Optimizer = Optimizer.Sum(), Initializer = null };
        var worker = (await BeginAsync(Model(table) with { Consistency = ConsistencyPolicy.Asynchronous }))[0];
        var rows = Rows.For(table, pulled);

        await worker.PushPullRowsAsync(Rows.Set(table, pushed, Rows.Filled(table, pushed, 2)), Rows.Set(table, pulled, rows), Limit);

        for (var i = 0; i < rows.Length; i++) Assert.Equal(2 * pushed.Count(key => key == pulled[i / 3]), rows[i]);
        Tensors.SameBits(rows, await Rows.PullAsync(worker, table, pulled, Limit));
    }

    [Fact]
    public async Task A_push_pull_of_rows_under_BSP_gives_the_version_of_the_open_round()
    {
        var (table, still) = (s_items with { Optimizer = Optimizer.Sum(), Initializer = null }, new EmbeddingTable("still", 2) { Group = "still" });
        var worker = (await BeginAsync(Model(table) with { Tables = [table, still], Groups = [new("still") { Frozen = true }] }))[0];
        long[] keys = [7, 5];
        var (gradients, rows) = (Rows.Set(table, keys, Rows.Filled(table, keys, 3)), Rows.Set(table, keys, Rows.Filled(table, keys, -1)));
        gradients.Add("still", keys, Rows.Filled(still, keys, 3));
        rows.Add("still", keys, Rows.Filled(still, keys, -1));

        await worker.PushPullRowsAsync(gradients, rows, Limit);
        Assert.All(rows[0].Rows.ToArray(), value => Assert.Equal(0, value));
        await worker.ClockAsync(1, Limit);
        await worker.PushPullRowsAsync(gradients, rows, Limit);

        Assert.All(rows[0].Rows.ToArray(), value => Assert.Equal(3, value));
        Tensors.SameBits(rows[1].Rows, await Rows.PullAsync(worker, still, keys, Limit));
    }

    [Fact]
    public async Task A_push_pull_of_rows_that_is_refused_changes_nothing()
    {
        var table = s_items with { Optimizer = Optimizer.Sum(), Initializer = null };
        var worker = (await BeginAsync(Model(table) with { Consistency = ConsistencyPolicy.Asynchronous }))[0];
        var good = Rows.Set(table, [1], new float[] { 1, 1, 1 });

        await Assert.ThrowsAsync<RowShapeException>(() => worker.PushPullRowsAsync(good, Rows.Set(table, [1], new float[2]), Limit).AsTask());
        await Assert.ThrowsAsync<UnknownTableException>(() => worker.PushPullRowsAsync(good, Rows.Set(new("no", 3), [1], new float[3]), Limit).AsTask());
        Assert.All(await Rows.PullAsync(worker, table, [1], Limit), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task A_table_of_a_frozen_group_does_not_change()
    {
        var frozen = s_items with { Group = "still" };
        var worker = (await BeginAsync(Model(frozen) with { Groups = [new("still") { Frozen = true }] }))[0];
        var before = await Rows.PullAsync(worker, frozen, [1], Limit);
        await Rows.PushAsync(worker, frozen, [1], 1, Limit);
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits(before, await Rows.PullAsync(worker, frozen, [1], Limit));
    }

    [Fact]
    public async Task Thousands_of_rows_at_once()
    {
        var table = s_items with { Optimizer = Optimizer.Sum(), Initializer = null };
        var worker = (await BeginAsync(Model(table)))[0];
        long[] keys = [.. Enumerable.Range(0, 20_000).Select(i => i * 7919L)];
        for (var step = 0; step < 3; step++)
        {
            await Rows.PushAsync(worker, table, keys, 1, Limit);
            await worker.ClockAsync(step, Limit);
        }

        Tensors.AllAre(3, await Rows.PullAsync(worker, table, keys, Limit));
    }

    private ModelSpec Model(EmbeddingTable table) => new(NewName()) { Parameters = [], Tables = [table], Optimizer = Optimizer.Sgd(lr: 0.5) };

    /// <summary>Ten rounds of pushes with colliding keys, in an order of ranks.</summary>
    private async Task<IParameterWorker[]> TrainAsync(IParameterWorker[] workers, int[] order)
    {
        for (var step = 0; step < 10; step++)
        {
            foreach (var rank in order)
            {
                long[] keys = [.. Enumerable.Range(0, 12).Select(i => ((i * 5L) + (rank * 3) + step) % 40).Distinct()];
                var gradient = Rows.For(s_items, keys);
                for (var i = 0; i < gradient.Length; i++) gradient[i] = MathF.Sin((i * 1.7f) + rank + (step * 0.3f));
                await workers[rank].PushRowsAsync(Rows.Set(s_items, keys, gradient), Limit);
            }
            await Task.WhenAll(order.Select(rank => workers[rank].ClockAsync(step, Limit).AsTask()));
        }
        return workers;
    }
}
