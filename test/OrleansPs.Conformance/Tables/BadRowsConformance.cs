namespace OrleansPs.Conformance;

/// <summary>Calls about rows that break a rule: refused by name, and nothing changed.</summary>
public abstract class BadRowsConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly EmbeddingTable s_table = new("rows", 4, Initializer.Normal()) { Shards = 2, MaxRowsPerStep = 10 };

    [Fact]
    public async Task Bad_calls_are_refused_and_change_nothing()
    {
        var spec = new ModelSpec(NewName()) { Parameters = [new("w", [8])], Tables = [s_table], Optimizer = Optimizer.Sgd(lr: 1) };
        var worker = (await BeginAsync(spec))[0];
        await Rows.PushAsync(worker, s_table, [1, 2, 3], 1, Limit);
        var before = await Rows.ReadAsync(Server, spec.Name, s_table, [1, 2, 3, 4], Limit);

        var shape = await Assert.ThrowsAsync<RowShapeException>(async () =>
            await worker.PushRowsAsync(Rows.Set(s_table, [1, 2], new float[7]), Limit));
        Assert.Equal(("rows", 2, 4, 7), (shape.Table, shape.Keys, shape.Width, shape.Actual));
        await Assert.ThrowsAsync<RowShapeException>(async () => await worker.PullRowsAsync(Rows.Set(s_table, [1], new float[3]), Limit));
        var unknown = await Assert.ThrowsAsync<UnknownTableException>(async () =>
            await worker.PushRowsAsync(Rows.Set(new("w", 4), [1], new float[4]), Limit));
        Assert.Equal("w", unknown.Table);
        await Assert.ThrowsAsync<UnknownParameterException>(async () => await worker.PullAsync(new TensorSet { { "rows", new float[4] } }, Limit));
        var bad = await Assert.ThrowsAsync<NonFiniteGradientException>(async () =>
            await worker.PushRowsAsync(Rows.Set(s_table, [1, 2], [1, 1, 1, 1, 1, 1, float.NaN, 1]), Limit));
        Assert.Equal(("rows", 6), (bad.Parameter, bad.Index));
        var many = await Assert.ThrowsAsync<TooManyRowsException>(async () =>
            await Rows.PushAsync(worker, s_table, [10, 11, 12, 13, 14, 15, 16, 17], 1, Limit));
        Assert.Equal(("rows", 11, 10), (many.Table, many.Rows, many.Limit));
        await Assert.ThrowsAsync<TooManyRowsException>(async () => await Rows.PullAsync(worker, s_table, [.. Enumerable.Range(0, 11).Select(i => (long)i)], Limit));

        Tensors.SameBits(before, await Rows.ReadAsync(Server, spec.Name, s_table, [1, 2, 3, 4], Limit));
        await worker.ClockAsync(1, Limit);
        for (var i = 0; i < 12; i++) before[i] -= 1;
        Tensors.SameBits(before, await Rows.PullAsync(worker, s_table, [1, 2, 3, 4], Limit));
    }

    [Fact]
    public async Task A_reader_is_told_too()
    {
        var spec = new ModelSpec(NewName()) { Parameters = [new("w", [8])], Tables = [s_table], Optimizer = Optimizer.Sgd() };
        await CreateAsync(spec);
        await using var reader = await Server.OpenReaderAsync(spec.Name, Limit);

        await Assert.ThrowsAsync<UnknownTableException>(async () => await reader.ReadLatestRowsAsync(Rows.Set(new("w", 1), [1], new float[1]), Limit));
        await Assert.ThrowsAsync<UnknownTableException>(async () =>
        {
            await foreach (var part in reader.ReadTableAsync(null, "w", Limit)) Assert.Fail(part.ToString());
        });
        await Assert.ThrowsAsync<SnapshotNotFoundException>(async () =>
        {
            await foreach (var part in reader.ReadTableAsync(null, "rows", Limit)) Assert.Fail(part.ToString());
        });
    }
}
