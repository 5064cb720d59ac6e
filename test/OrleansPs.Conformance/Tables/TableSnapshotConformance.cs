namespace OrleansPs.Conformance;

/// <summary>Rows in snapshots: exact, with all that their lives depend on.</summary>
public abstract class TableSnapshotConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly EmbeddingTable s_ledger = new("rows", 2) { Shards = 4, Optimizer = Optimizer.Sum() };

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Every_snapshot_under_load_is_an_exact_cut(string mode)
    {
        const int steps = 60;
        var spec = Ledgers.Spec(NewName(), mode, workers: 3) with { Tables = [s_ledger], Durability = DurabilityPolicy.Snapshot(keep: 1000) };
        var workers = await BeginAsync(spec);
        var training = Task.WhenAll(workers.Select(async worker =>
        {
            for (var step = 0; step < steps; step++)
            {
                // +1 to one row and -1 to another one, in two pushes; keys collide among workers.
                await Rows.PushAsync(worker, s_ledger, [step % 17], 1, Limit);
                await Rows.PushAsync(worker, s_ledger, [100 + ((step + worker.Rank) % 13)], -1, Limit);
                await Ledgers.StepAsync(worker, Limit);
            }
            await worker.OutOfDataAsync(Limit);
        }));
        var taken = new List<SnapshotInfo>();
        while (!training.IsCompleted || taken.Count == 0) taken.Add(await Server.TakeSnapshotAsync(spec.Name, Limit));
        await training;

        foreach (var snapshot in await Server.ListSnapshotsAsync(spec.Name, Limit))
        {
            var rows = await Rows.OfCutAsync(Server, spec.Name, s_ledger, snapshot.Cut, Limit);
            Assert.Equal(0, rows.Values.Sum(r => r[0]));
            Assert.Equal(0, rows.Values.Sum(r => r[1]));
        }
        var last = await Server.TakeSnapshotAsync(spec.Name, Limit);
        var all = await Rows.OfCutAsync(Server, spec.Name, s_ledger, last.Cut, Limit);
        Assert.Equal(3 * steps, all.Where(r => r.Key < 100).Sum(r => r.Value[0]));
    }

    [Theory]
    [MemberData(nameof(Optimizers.All), MemberType = typeof(Optimizers))]
    public async Task A_new_server_goes_on_with_rows_and_their_state(string optimizer)
    {
        var table = new EmbeddingTable("t", 5, Initializer.Normal()) { Shards = 3 };
        var spec = new ModelSpec(NewName()) { Parameters = [], Tables = [table], Optimizer = Optimizers.Of(optimizer), Workers = 2 };
        var undisturbed = await TrainAsync(await BeginAsync(spec with { Name = NewName() }), table, 12);

        await TrainAsync(await BeginAsync(spec), table, 5);
        var snapshot = await Server.TakeSnapshotAsync(spec.Name, Limit);
        await RestartServerAsync();
        await CreateAsync(spec);
        Assert.Equal(snapshot, await Server.RestoreAsync(spec.Name, null, Limit));
        var successors = await JoinAllAsync(spec.Name, 2);

        Tensors.SameBits(undisturbed, await TrainAsync(successors, table, 12));
    }

    [Fact]
    public async Task A_key_gets_its_row_with_the_push_that_admits_it()
    {
        var table = s_ledger with { Lifetime = new() { AdmitAfter = 3 } };
        var spec = new ModelSpec(NewName()) { Parameters = [], Tables = [table], Optimizer = Optimizer.Sum() };
        var worker = (await BeginAsync(spec))[0];
        await StepsAsync(worker, table, [1], 2);
        Tensors.SameBits([0, 0], await Rows.PullAsync(worker, table, [1], Limit));

        // What a key has been counted so far is in the snapshot.
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        await RestartServerAsync();
        await CreateAsync(spec);
        await Server.RestoreAsync(spec.Name, null, Limit);
        worker = await JoinAsync(spec.Name, 0);
        await StepsAsync(worker, table, [1], 2);

        Tensors.SameBits([2, 2], await Rows.PullAsync(worker, table, [1], Limit));
        Assert.Equal<long>([1], (await CutAsync(spec, table)).Keys);
    }

    [Fact]
    public async Task A_row_ends_when_it_was_not_pushed_for_so_many_clocks()
    {
        var table = s_ledger with { Initializer = Initializer.Constant(9), Lifetime = new() { TimeToLive = 3 } };
        var spec = new ModelSpec(NewName()) { Parameters = [], Tables = [table], Optimizer = Optimizer.Sum() };
        var worker = (await BeginAsync(spec))[0];
        await StepsAsync(worker, table, [1, 2, 3, 4, 5, 6, 7, 8], 1);
        await StepsAsync(worker, table, [2], 3);
        Tensors.SameBits([10, 10], await Rows.PullAsync(worker, table, [1], Limit));
        // Its shard hears of the clock when something is pushed to it: all keys but the first, so all shards.
        await StepsAsync(worker, table, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 1);

        Tensors.SameBits([9, 9], await Rows.PullAsync(worker, table, [1], Limit));
        Tensors.SameBits([14, 14], await Rows.PullAsync(worker, table, [2], Limit));
        Tensors.SameBits([10, 10], await Rows.PullAsync(worker, table, [3], Limit));
        Assert.DoesNotContain(1, (await CutAsync(spec, table)).Keys);
    }

    [Fact]
    public async Task A_table_keeps_the_rows_pushed_last()
    {
        var table = s_ledger with { Shards = 1, Lifetime = new() { Capacity = 64 } };
        var spec = new ModelSpec(NewName()) { Parameters = [], Tables = [table], Optimizer = Optimizer.Sum() };
        var worker = (await BeginAsync(spec))[0];
        await StepsAsync(worker, table, [.. Enumerable.Range(0, 60).Select(i => (long)i)], 1);
        await StepsAsync(worker, table, [0, 1, 2], 1);
        await StepsAsync(worker, table, [100, 101, 102, 103, 104], 1);

        // 65 rows of 64: those that go are of the first clock, by key, until 56 are left.
        var left = await CutAsync(spec, table);
        Assert.Equal<long>([0, 1, 2, .. Enumerable.Range(12, 48).Select(i => (long)i), 100, 101, 102, 103, 104], left.Keys);
        Tensors.SameBits([0, 0], await Rows.PullAsync(worker, table, [3], Limit));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    public async Task A_snapshot_holds_what_changed_since_the_last_whole_one_and_is_restored_whole(int capacity)
    {
        var table = new EmbeddingTable("t", 8, Initializer.Normal()) { Shards = 2 };
        if (capacity > 0) table = table with { Lifetime = new() { Capacity = capacity } };
        var spec = new ModelSpec(NewName())
        {
            Parameters = [], Tables = [table], Optimizer = Optimizer.Adam(), Durability = DurabilityPolicy.Snapshot(keep: 2),
        };
        var worker = (await BeginAsync(spec))[0];
        await StepsAsync(worker, table, [.. Enumerable.Range(0, 250).Select(i => (long)i)], 1);
        var whole = await Server.TakeSnapshotAsync(spec.Name, Limit);
        var expected = new List<(SnapshotInfo Snapshot, SortedDictionary<long, float[]> Rows)>();
        for (var cut = 0; cut < 4; cut++)
        {
            await StepsAsync(worker, table, [.. Enumerable.Range(240 + (15 * cut), 20).Select(i => (long)i)], 2);
            var snapshot = await Server.TakeSnapshotAsync(spec.Name, Limit);
            expected.Add((snapshot, await Rows.OfCutAsync(Server, spec.Name, table, snapshot.Cut, Limit)));
        }
        var undisturbed = await Rows.PullAsync(worker, table, [.. Enumerable.Range(0, 320).Select(i => (long)i)], Limit);

        // The newest two are kept, and what they rest on.
        Assert.All(expected, e => Assert.True(e.Snapshot.Bytes < whole.Bytes, $"{e.Snapshot.Bytes} of {whole.Bytes} bytes"));
        await Until(async () => (await Server.ListSnapshotsAsync(spec.Name, Limit)).Count == 3);
        await RestartServerAsync();
        await CreateAsync(spec);
        Assert.Equal(expected[3].Snapshot, await Server.RestoreAsync(spec.Name, null, Limit));
        worker = await JoinAsync(spec.Name, 0);
        Tensors.SameBits(undisturbed, await Rows.PullAsync(worker, table, [.. Enumerable.Range(0, 320).Select(i => (long)i)], Limit));

        // After a restore the next one is whole; and a delta restores as it was when it was taken.
        Assert.True((await Server.TakeSnapshotAsync(spec.Name, Limit)).Bytes > whole.Bytes / 2);
        await Server.RestoreAsync(spec.Name, new() { Cut = expected[3].Snapshot.Cut }, Limit);
        await worker.ResumeAsync(Limit);
        foreach (var (key, row) in expected[3].Rows) Tensors.SameBits(row, await Rows.PullAsync(worker, table, [key], Limit));
    }

    private async Task<SortedDictionary<long, float[]>> CutAsync(ModelSpec spec, EmbeddingTable table)
    {
        var snapshot = await Server.TakeSnapshotAsync(spec.Name, Limit);
        return await Rows.OfCutAsync(Server, spec.Name, table, snapshot.Cut, Limit);
    }

    private async Task StepsAsync(IParameterWorker worker, EmbeddingTable table, long[] keys, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            await Rows.PushAsync(worker, table, keys, 1, Limit);
            await worker.ClockAsync(worker.Position.Cursor + 1, Limit);
        }
    }

    private async Task<float[]> TrainAsync(IParameterWorker[] workers, EmbeddingTable table, int until)
    {
        while (workers[0].Position.Step < until)
        {
            var step = workers[0].Position.Step;
            foreach (var worker in workers)
            {
                long[] keys = [.. Enumerable.Range(0, 9).Select(i => ((i * 3) + worker.Rank + step) % 25)];
                var gradient = Rows.For(table, keys);
                for (var i = 0; i < gradient.Length; i++) gradient[i] = MathF.Cos(i + worker.Rank + (step * 0.7f));
                await worker.PushRowsAsync(Rows.Set(table, keys, gradient), Limit);
            }
            await Task.WhenAll(workers.Select(w => w.ClockAsync(step + 1, Limit).AsTask()));
        }
        return await Rows.PullAsync(workers[0], table, [.. Enumerable.Range(0, 25).Select(i => (long)i)], Limit);
    }
}
