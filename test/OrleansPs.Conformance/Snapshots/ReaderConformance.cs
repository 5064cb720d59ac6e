namespace OrleansPs.Conformance;

/// <summary>Readers see consistent wholes, and nobody waits for them.</summary>
public abstract class ReaderConformance(ConformanceHost host) : HostTests(host)
{
    [Fact]
    public async Task Under_BSP_a_reader_sees_one_version_while_workers_run()
    {
        const int steps = 150;
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 3);
        var workers = await BeginAsync(ledger);
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var (values, last, reads) = (TensorSet.For(ledger), -1L, 0);

        var running = Crowd.RunAsync(workers, (worker, end) => Ledgers.RunToAsync(worker, steps, end), Limit);
        while (!running.IsCompleted)
        {
            var version = await reader.ReadLatestAsync(values, Limit);
            Tensors.AllAre(3 * version, values["plus"]);
            Tensors.AllAre(-3 * version, values["minus"]);
            Assert.True(version >= last, $"Version {version} came after {last}.");
            (last, reads) = (version, reads + 1);
        }
        await running;

        Assert.True(reads > 0);
        Assert.Equal(steps, await reader.ReadLatestAsync(values, Limit));
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Otherwise_a_reader_sees_what_is_there_now(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        await worker.PushAsync(Tensors.Full((ledger.Parameters[0], 4)), Limit);

        Assert.Equal(-1, await reader.ReadLatestAsync(values, Limit));

        Tensors.AllAre(4, values["plus"]);
        Tensors.AllAre(0, values["minus"]);
    }

    [Fact]
    public async Task A_reader_holds_nobody_up_and_has_no_rank()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);

        for (var i = 0; i < 5; i++) await Ledgers.StepAsync(worker, Limit);

        Assert.Single((await StatusAsync(ledger.Name)).Workers);
        Assert.Equal((ledger.Name, ledger.Name), (reader.Model, reader.Spec.Name));
        Assert.Equal(ledger.Parameters.Select(p => (p.Name, p.Length)), reader.Spec.Parameters.Select(p => (p.Name, p.Length)));
    }

    [Fact]
    public async Task A_reader_reads_some_parameters_of_an_old_snapshot()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await Ledgers.StepAsync(worker, Limit);
        var older = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(worker, Limit);
        var newest = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var minus = Tensors.Full((ledger.Parameters[1], 0));

        Assert.Equal(older, await reader.ReadSnapshotAsync(older.Cut, minus, Limit));
        Tensors.AllAre(-1, minus["minus"]);
        Assert.Equal(newest, await reader.ReadSnapshotAsync(null, minus, Limit));

        Tensors.AllAre(-2, minus["minus"]);
    }

    [Fact]
    public async Task A_reader_goes_on_after_a_restore()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        await Ledgers.StepAsync(worker, Limit);
        await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(worker, Limit);
        Assert.Equal(2, await reader.ReadLatestAsync(values, Limit));

        await Server.RestoreAsync(ledger.Name, null, Limit);

        Assert.Equal(1, await reader.ReadLatestAsync(values, Limit));
        Tensors.AllAre(1, values["plus"]);
    }

    [Fact]
    public async Task An_unknown_cut_is_named_in_the_refusal()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await CreateAsync(ledger);
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);

        var none = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => reader.ReadSnapshotAsync(null, values, Limit));
        await Server.TakeSnapshotAsync(ledger.Name, Limit);
        var unknown = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => reader.ReadSnapshotAsync(4711, values, Limit));

        Assert.Null(none.Cut);
        Assert.Equal(4711, unknown.Cut);
        Assert.Contains("4711", unknown.Message, StringComparison.Ordinal);
        Tensors.AllAre(0, Tensors.Flat(values));
    }

    [Fact]
    public async Task A_reader_refuses_wrong_names_and_lengths()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await CreateAsync(ledger);
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);

        var name = await Assert.ThrowsAsync<UnknownParameterException>(
            () => reader.ReadLatestAsync(new() { { "nothing", new float[4] } }, Limit).AsTask());
        var length = await Assert.ThrowsAsync<ShapeMismatchException>(
            () => reader.ReadLatestAsync(new() { { "plus", new float[4] } }, Limit).AsTask());

        Assert.Contains("'nothing'", name.Message, StringComparison.Ordinal);
        Assert.Equal(("plus", 1024, 4), (length.Parameter, length.Expected, length.Actual));
    }
}
