namespace OrleansPs.Conformance;

/// <summary>Embedding tables go into a model and out of it as keys and rows, and follow a changed spec into other shards.</summary>
public abstract class TableWeightConformance(ConformanceHost host) : HostTests(host)
{
    private const int Width = 5;
    private static readonly long[] s_keys = [long.MinValue, -7, -1, 0, 1, 2, 3, 17, 99, 1L << 40, long.MaxValue, .. Enumerable.Range(1000, 300).Select(i => (long)i * 7919)];

    public static TheoryData<string, int, int> Changes
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (var mode in (string[])["BSP", "ASP"])
                foreach (var (was, now) in ((int, int)[])[(8, 8), (8, 3), (3, 8), (1, 16), (7, 1)])
                    data.Add(mode, was, now);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Rows_go_on_bit_for_bit_in_another_number_of_shards(string mode, int was, int now)
    {
        var spec = SpecOf(mode, was);
        var undisturbed = spec with { Name = NewName(), Tables = SpecOf(mode, now).Tables };
        // By then the rows of the aging table that no step since 3 pushed are just over.
        var expected = await TrainAsync(await BeginAsync(undisturbed), until: 8);
        await CutAsync(spec, until: 5);
        await RecreateAsync(spec with
        {
            Parameters = [new("in front", [2000]), .. spec.Parameters], Tables = SpecOf(mode, now).Tables, BlockBytes = 8192,
        });

        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);

        Assert.Equal(["dense", "t", "aging"], report.Loaded);
        Assert.Equal(["in front"], report.Missing);
        Assert.Empty(report.FreshState);
        var rows = await TrainAsync(await JoinAllAsync(spec.Name, 2), until: 8);
        for (var table = 0; table < 2; table++) Tensors.SameBits(expected[table], rows[table]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_table_of_another_width_or_name_is_reported(bool renamed)
    {
        var spec = SpecOf("BSP", 4);
        await CutAsync(spec, until: 3);
        var then = await RowsAsync(spec);
        EmbeddingTable other = renamed ? new("u", Width) : new("t", Width + 1);
        var changed = spec with { Tables = [other, spec.Tables[1] with { Optimizer = Optimizer.Sgd(lr: 0.1) }] };
        await RecreateAsync(changed);

        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);

        Assert.Equal(["dense", "aging"], report.Loaded);
        Assert.Equal(["aging"], report.FreshState);
        Assert.Equal(renamed ? ["u"] : [], report.Missing);
        Assert.Equal(renamed ? ["t"] : [], report.Unexpected);
        Assert.Equal(renamed ? [] : [new("t", "rows of 6", "rows of 5")], report.Mismatched);
        Tensors.SameBits(then[1], await RowsAsync(spec.Name, "aging", Width));
        Assert.Equal(new float[s_keys.Length * other.Width], await RowsAsync(spec.Name, other.Name, other.Width));
    }

    [Fact]
    public async Task The_tables_of_a_cut_are_tensors_that_another_model_begins_with()
    {
        var spec = SpecOf("BSP", 8);
        await CutAsync(spec, until: 4);
        var then = await RowsAsync(spec);
        var source = await Server.OpenSnapshotAsync(spec.Name, null, Limit);
        Assert.Equal(["dense", "t.keys", "t.rows", "aging.keys", "aging.rows"], source.Tensors.Select(t => t.Name));
        var n = source.Tensors[1].Length;
        Assert.Equal($"[{n}, 5]", source.Tensors[2].ShapeText);
        var keys = new long[n];
        for (var at = 0; at < n; at += 13) await source.ReadKeysAsync("t.keys", at, keys.AsMemory(at, (int)Math.Min(13, n - at)), Limit);
        Assert.Equal(s_keys.Where(k => k % 3 != 0).Order(), keys.Order());
        var values = new float[n * Width];
        for (var at = 0; at < values.Length; at += 17)
            await source.ReadAsync("t.rows", at, values.AsMemory(at, Math.Min(17, values.Length - at)), Limit);
        for (var i = 0; i < keys.Length; i++)
            Tensors.SameBits(then[0].AsMemory(Array.IndexOf(s_keys, keys[i]) * Width, Width), values.AsMemory(i * Width, Width));

        var copy = SpecOf("ASP", 3) with { Seed = spec.Seed };
        await CreateAsync(copy);
        var report = await Server.LoadAsync(copy.Name, source, null, Limit);

        Assert.Equal(["dense", "t", "aging"], report.Loaded);
        var loaded = await RowsAsync(copy);
        for (var table = 0; table < 2; table++) Tensors.SameBits(then[table], loaded[table]);
        // They train on with fresh state, as rows that were just made.
        await TrainAsync(await JoinAllAsync(copy.Name, 2), until: 2);
    }

    [Fact]
    public async Task Tables_that_do_not_match_are_refused_or_left_out()
    {
        var spec = SpecOf("BSP", 4);
        await CreateAsync(spec);
        var first = await RowsAsync(spec);
        var rows = new Rows(spec.Parameters[0], ("t.keys", (int[])[3, 1]), ("t.rows", 2), ("aging.keys", (int[])[5]));

        var e = await Assert.ThrowsAsync<WeightMismatchException>(() => Server.LoadAsync(spec.Name, rows, null, Limit));
        Assert.Equal("missing: 'aging'; unexpected: 'aging.keys'", e.Differences);
        var twice = new Rows(spec.Parameters[0], ("t.keys", (int[])[3, 1, 3]), ("t.rows", 3));
        e = await Assert.ThrowsAsync<WeightMismatchException>(() => Server.LoadAsync(spec.Name, twice, new() { Partial = true }, Limit));
        Assert.Equal("'t.keys' has key 3 twice", e.Differences);
        var narrow = new Rows(spec.Parameters[0], ("t.keys", (int[])[3]), ("t.rows", 2));
        e = await Assert.ThrowsAsync<WeightMismatchException>(() => Server.LoadAsync(spec.Name, narrow, null, Limit));
        Assert.Contains("'t' is [1] and [2, 5], not [n] and [n, 5]", e.Differences, StringComparison.Ordinal);
        Assert.Empty(await Server.ListSnapshotsAsync(spec.Name, Limit));

        await Server.LoadAsync(spec.Name, rows, new() { Partial = true }, Limit);

        var now = await RowsAsync(spec);
        Tensors.SameBits(first[1], now[1]);
        Assert.Equal([100f, 101, 102, 103, 104], now[0].AsSpan(Array.IndexOf(s_keys, 3L) * Width, Width).ToArray());
        Assert.Equal([105f, 106, 107, 108, 109], now[0].AsSpan(Array.IndexOf(s_keys, 1L) * Width, Width).ToArray());
        Tensors.SameBits(first[0].AsMemory(0, Width), now[0].AsMemory(0, Width));
    }

    [Fact]
    public async Task A_half_step_in_shards_that_stay_as_they_were_is_not_taken_twice_wherever_they_are_now()
    {
        var spec = SpecOf("ASP", 4) with { Optimizer = Optimizer.Sum(), Tables = [new("t", 1)] };
        var workers = await BeginAsync(spec);
        await workers[1].PushRowsAsync(Ones(), Limit);
        await Server.EvictAsync(spec.Name, 1, Limit);
        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        await workers[0].ClockAsync(1, Limit);
        await TakenAsync(taking, workers[0]);
        await RecreateAsync(spec with { Parameters = [new("in front", [5000]), .. spec.Parameters] });

        await Server.RestorePartialAsync(spec.Name, new() { Workers = 2 }, Limit);
        var successors = await JoinAllAsync(spec.Name, 2);
        await successors[1].PushRowsAsync(Ones(), Limit);
        await successors[1].ClockAsync(1, Limit);

        Tensors.AllAre(1, await RowsAsync(spec.Name, "t", 1));
    }

    private static RowSet Ones()
    {
        var rows = new float[s_keys.Length];
        Array.Fill(rows, 1);
        var set = new RowSet();
        set.Add("t", s_keys, rows);
        return set;
    }

    private ModelSpec SpecOf(string mode, int shards) => Ledgers.Spec(NewName(), mode, workers: 2) with
    {
        Parameters = [new("dense", [50])],
        Tables =
        [
            new("t", Width, Initializer.Normal()) { Shards = shards },
            new("aging", Width) { Shards = shards, Optimizer = Optimizer.Sgd(lr: 0.1, momentum: 0.9), Lifetime = new() { TimeToLive = 3 } },
        ],
        Optimizer = Optimizer.Adam(lr: 0.01),
        Reduction = Reduction.Mean,
        Seed = 3,
    };

    private async Task CutAsync(ModelSpec spec, int until)
    {
        var workers = await BeginAsync(spec);
        await TrainAsync(workers, until);
        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        await (spec.Consistency.Mode == ConsistencyMode.BulkSynchronous ? taking : TakenAsync(taking, workers));
    }

    private async Task RecreateAsync(ModelSpec spec)
    {
        await Server.DeleteModelAsync(spec.Name, Limit);
        await CreateAsync(spec);
    }

    /// <summary>Each step pushes other keys, never those that 3 divides; a third of them leaves the table that ages.</summary>
    private async Task<float[][]> TrainAsync(IParameterWorker[] workers, int until)
    {
        for (var step = workers[0].Position.Step; step < until; step++)
        {
            foreach (var worker in workers)
            {
                var gradients = new RowSet();
                long[] keys = [.. s_keys.Where((k, i) => k % 3 != 0 && (step < 4 || i % 3 == step % 2))];
                foreach (var table in (string[])["t", "aging"]) gradients.Add(table, keys, Noise.Array(keys.Length * Width, table.Length, worker.Rank, step));
                await worker.PushRowsAsync(gradients, Limit);
            }
            await Crowd.ClockAsync(workers, Limit);
        }
        return await RowsAsync(workers[0].Spec);
    }

    private async Task<float[][]> RowsAsync(ModelSpec spec) =>
        [await RowsAsync(spec.Name, "t", Width), await RowsAsync(spec.Name, "aging", Width)];

    private async Task<float[]> RowsAsync(string model, string table, int width)
    {
        await using var reader = await Server.OpenReaderAsync(model, Limit);
        var (rows, values) = (new RowSet(), new float[s_keys.Length * width]);
        rows.Add(table, s_keys, values);
        await reader.ReadLatestRowsAsync(rows, Limit);
        return values;
    }

    /// <summary>A dense parameter of zeros, keys as given, and rows that count up from 100.</summary>
    private sealed class Rows(DenseParameter dense, params (string Name, object Content)[] tensors) : IWeightSource
    {
        public IReadOnlyList<WeightTensor> Tensors { get; } =
        [
            new(dense.Name, [dense.Length]),
            .. tensors.Select(t => t.Content is int rows ? new WeightTensor(t.Name, [rows, Width]) : new(t.Name, [((int[])t.Content).Length], WeightType.Int64)),
        ];

        public ValueTask ReadAsync(string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < destination.Length; i++) destination.Span[i] = tensor == dense.Name ? 0 : 100 + start + i;
            return default;
        }

        public ValueTask ReadKeysAsync(string tensor, long start, Memory<long> destination, CancellationToken cancellationToken = default)
        {
            var keys = (int[])tensors.Single(t => t.Name == tensor).Content;
            for (var i = 0; i < destination.Length; i++) destination.Span[i] = keys[start + i];
            return default;
        }
    }
}
