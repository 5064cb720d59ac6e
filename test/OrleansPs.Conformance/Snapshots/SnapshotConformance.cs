namespace OrleansPs.Conformance;

/// <summary>
/// A snapshot is an exact cut, taken while the workers go on. The model is a ledger: each step adds 1 to one parameter and
/// takes 1 from another, in two pushes and in blocks of their own, so every consistent whole of it sums to 0.
/// </summary>
public abstract class SnapshotConformance(ConformanceHost host) : HostTests(host)
{
    [Fact]
    public async Task Under_BSP_every_snapshot_holds_whole_rounds_while_workers_run()
    {
        const int snapshots = 12;
        var ledger = Ledger("BSP", workers: 3) with { Durability = DurabilityPolicy.Snapshot(keep: 100) };
        var workers = await BeginAsync(ledger);
        var taken = new List<SnapshotInfo>();
        await RunWhileAsync(workers, async () =>
        {
            for (var i = 0; i < snapshots; i++) taken.Add(await Server.TakeSnapshotAsync(ledger.Name, Limit));
        });

        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        foreach (var snapshot in taken)
        {
            Assert.Equal(snapshot, await reader.ReadSnapshotAsync(snapshot.Cut, values, Limit));
            Tensors.AllAre(3 * snapshot.Round, values["plus"]);
            Tensors.AllAre(-3 * snapshot.Round, values["minus"]);
        }
        Assert.Equal(taken.Select(s => s.Cut).Order(), taken.Select(s => s.Cut));
        Assert.Equal(snapshots, taken.Select(s => s.Cut).Distinct().Count());
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Otherwise_a_snapshot_of_workers_between_steps_holds_their_steps(string mode)
    {
        var ledger = Ledger(mode, workers: 2);
        var workers = await BeginAsync(ledger);
        await Ledgers.StepAsync(workers[0], Limit);
        await Ledgers.StepAsync(workers[0], Limit);
        await Ledgers.StepAsync(workers[1], Limit);

        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        foreach (var worker in workers) await Ledgers.StepAsync(worker, Limit);
        var snapshot = await TakenAsync(taking, workers);

        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        await reader.ReadSnapshotAsync(snapshot.Cut, values, Limit);
        Tensors.AllAre(5, values["plus"]);
        Tensors.AllAre(-5, values["minus"]);
    }

    [Fact]
    public async Task Under_BSP_a_snapshot_waits_for_nobody()
    {
        var ledger = Ledger("BSP", workers: 2);
        var workers = await BeginAsync(ledger);
        await Task.WhenAll(workers.Select(w => Ledgers.StepAsync(w, Limit)));
        await workers[0].PushAsync(Tensors.Full(ledger, 50), Limit);

        var snapshot = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        await reader.ReadSnapshotAsync(snapshot.Cut, values, Limit);
        Assert.Equal(1, snapshot.Round);
        Tensors.AllAre(2, values["plus"]);
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Otherwise_a_snapshot_waits_for_every_live_worker_to_clock(string mode)
    {
        var ledger = Ledger(mode, workers: 2);
        var workers = await BeginAsync(ledger);

        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(workers[0], Limit);
        for (var again = 0; again < 20; again++) await workers[0].ResumeAsync(Limit);
        Assert.Null((await StatusAsync(ledger.Name)).LastSnapshot);
        Assert.False(taking.IsCompleted);
        await Ledgers.StepAsync(workers[1], Limit);

        Assert.Equal((await TakenAsync(taking, workers)).Cut, (await StatusAsync(ledger.Name)).LastSnapshot!.Cut);
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_snapshot_does_not_wait_for_a_worker_that_is_evicted(string mode)
    {
        var ledger = Ledger(mode, workers: 2);
        var workers = await BeginAsync(ledger);

        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(workers[0], Limit);
        await Server.EvictAsync(ledger.Name, 1, Limit);

        await TakenAsync(taking, workers[0]);
    }

    [Fact]
    public async Task A_model_without_workers_can_be_snapshot()
    {
        var ledger = Ledger("ASP", workers: 2);
        await CreateAsync(ledger);

        var snapshot = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        Assert.Equal([snapshot], await Server.ListSnapshotsAsync(ledger.Name, Limit));
        Assert.Equal((ledger.Name, 0), (snapshot.Model, snapshot.Round));
        Assert.True(snapshot.Bytes >= ledger.Length * sizeof(float));
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("ASP")]
    public async Task Snapshots_are_taken_after_so_many_clocks(string mode)
    {
        var ledger = Ledger(mode, workers: 1) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 4, keep: 100) };
        var worker = (await BeginAsync(ledger))[0];
        for (var due = 1; due <= 3; due++)
        {
            while (worker.Position.Step < 4 * due) await Ledgers.StepAsync(worker, Limit);
            // Under ASP the cut is adopted with the next clock.
            if (mode == "ASP") await Ledgers.StepAsync(worker, Limit);
            await Until(async () => (await StatusAsync(ledger.Name)).LastSnapshot?.Round >= 4 * due);
        }

        var rounds = (await Server.ListSnapshotsAsync(ledger.Name, Limit)).Select(s => s.Round);
        Assert.Equal(mode == "BSP" ? [4, 8, 12] : [5, 9, 13], rounds);
    }

    [Fact]
    public async Task Snapshots_are_taken_after_so_much_time()
    {
        var ledger = Ledger("BSP", workers: 1) with
        {
            Durability = DurabilityPolicy.Snapshot(interval: TimeSpan.FromMilliseconds(100), keep: 100),
        };
        await CreateAsync(ledger);

        await Until(async () => (await Server.ListSnapshotsAsync(ledger.Name, Limit)).Count >= 3);

        Assert.NotNull((await StatusAsync(ledger.Name)).LastSnapshot);
    }

    [Fact]
    public async Task Only_the_newest_snapshots_are_kept()
    {
        var ledger = Ledger("BSP", workers: 1) with { Durability = DurabilityPolicy.Snapshot(keep: 2) };
        await CreateAsync(ledger);
        var cuts = new List<long>();
        for (var i = 0; i < 5; i++) cuts.Add((await Server.TakeSnapshotAsync(ledger.Name, Limit)).Cut);

        await Until(async () => (await Server.ListSnapshotsAsync(ledger.Name, Limit)).Count <= 2);

        Assert.Equal(cuts[3..], (await Server.ListSnapshotsAsync(ledger.Name, Limit)).Select(s => s.Cut));
    }

    [Fact]
    public async Task Requests_at_the_same_time_are_all_answered()
    {
        var ledger = Ledger("BSP", workers: 2) with { Durability = DurabilityPolicy.Snapshot(keep: 100) };
        var workers = await BeginAsync(ledger);

        await RunWhileAsync(workers, () => Task.WhenAll(
            Enumerable.Range(0, 16).Select(_ => Task.Run(() => Server.TakeSnapshotAsync(ledger.Name, Limit)))));

        Assert.NotEmpty(await Server.ListSnapshotsAsync(ledger.Name, Limit));
    }

    [Fact]
    public async Task A_deleted_model_keeps_its_snapshots_and_their_numbers()
    {
        var ledger = Ledger("BSP", workers: 1);
        await CreateAsync(ledger);
        var before = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        await Server.DeleteModelAsync(ledger.Name, Limit);
        Assert.Equal([before], await Server.ListSnapshotsAsync(ledger.Name, Limit));
        await CreateAsync(ledger);
        var after = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        Assert.True(after.Cut > before.Cut);
        Assert.True(after.Generation > before.Generation);
    }

    private ModelSpec Ledger(string mode, int workers) => Ledgers.Spec(NewName(), mode, workers);

    /// <summary>Keeps workers stepping while something else is done.</summary>
    private async Task RunWhileAsync(IParameterWorker[] workers, Func<Task> work)
    {
        using var stop = new CancellationTokenSource();
        var running = Crowd.RunAsync(workers, async (worker, end) =>
        {
            while (!stop.IsCancellationRequested) await Ledgers.StepAsync(worker, end);
            await Ledgers.EndDataAsync(worker, end);
        }, Limit);
        await work();
        await stop.CancelAsync();
        await running;
    }
}
