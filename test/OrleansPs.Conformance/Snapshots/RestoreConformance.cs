namespace OrleansPs.Conformance;

/// <summary>A model that is put back to a cut goes on as if what came after had never been.</summary>
public abstract class RestoreConformance(ConformanceHost host) : HostTests(host)
{
    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Workers_that_are_put_back_again_and_again_end_with_exact_sums(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 3);
        var workers = await BeginAsync(ledger);
        using var stop = new CancellationTokenSource();

        var running = Crowd.RunAsync(workers, async (worker, end) =>
        {
            while (!stop.IsCancellationRequested) await Ledgers.RunStepAsync(worker, end);
            await Ledgers.EndDataAsync(worker, end);
        }, Limit);
        for (var i = 0; i < 8; i++)
        {
            var snapshot = await Server.TakeSnapshotAsync(ledger.Name, Limit);
            Assert.Equal(snapshot, await Server.RestoreAsync(ledger.Name, new() { Cut = snapshot.Cut }, Limit));
        }
        await stop.CancelAsync();
        await running;

        var steps = workers.Sum(w => w.Position.Cursor);
        var sums = await ReadAsync(ledger);
        Tensors.AllAre(steps, sums.AsMemory(0, 1024));
        Tensors.AllAre(-steps, sums.AsMemory(1024));
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_push_of_an_unfinished_step_that_a_cut_holds_is_not_taken_twice(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 2);
        var workers = await BeginAsync(ledger);
        foreach (var worker in workers) await Ledgers.StepAsync(worker, Limit);

        // The evicted worker's half step stands; the cut records it, and doing the step again completes it.
        await workers[1].PushAsync(Tensors.Full((ledger.Parameters[0], 1)), Limit);
        await Server.EvictAsync(ledger.Name, 1, Limit);
        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(workers[0], Limit);
        var snapshot = await TakenAsync(taking, workers[0]);
        await Server.RestoreAsync(ledger.Name, new() { Cut = snapshot.Cut, Workers = 2 }, Limit);
        var successors = await JoinAllAsync(ledger.Name, 2);
        await Task.WhenAll(successors.Select(w => Ledgers.RunToAsync(w, 5, Limit)));

        var sums = await ReadAsync(ledger);
        Tensors.AllAre(10, sums.AsMemory(0, 1024));
        Tensors.AllAre(-10, sums.AsMemory(1024));
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Live_workers_are_told_and_resume_at_the_cursor_of_the_cut(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await Ledgers.StepAsync(worker, Limit);
        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        if (mode != "BSP") await Ledgers.StepAsync(worker, Limit);
        var snapshot = mode == "BSP" ? await taking : await TakenAsync(taking, worker);
        var then = worker.Position;
        for (var i = 0; i < 3; i++) await Ledgers.StepAsync(worker, Limit);

        await Server.RestoreAsync(ledger.Name, new() { Cut = snapshot.Cut }, Limit);
        var e = await Assert.ThrowsAsync<StepRestartException>(() => Ledgers.PushAsync(worker, Limit));
        Assert.Equal(StepRestartReason.ModelRestored, e.Reason);
        Assert.Equal(then with { RestoredCut = snapshot.Cut }, await worker.ResumeAsync(Limit));

        Tensors.AllAre(then.Step, (await ReadAsync(ledger)).AsMemory(0, 1024));
        await Ledgers.StepAsync(worker, Limit);
        Tensors.AllAre(then.Step + 1, (await ReadAsync(ledger)).AsMemory(0, 1024));
    }

    [Fact]
    public async Task A_worker_that_waits_at_the_gate_is_told_of_a_restore()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 2);
        var workers = await JoinAllAsync(await CreateAsync(ledger), 2, Patient);
        await Server.TakeSnapshotAsync(ledger.Name, Limit);
        var waiting = Ledgers.StepAsync(workers[0], Limit);
        await UntilWaiting(ledger.Name, 0);

        await Server.RestoreAsync(ledger.Name, null, Limit);

        var e = await Assert.ThrowsAsync<StepRestartException>(() => waiting);
        Assert.Equal(StepRestartReason.ModelRestored, e.Reason);
    }

    [Fact]
    public async Task The_generation_rises_with_every_restore()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await CreateAsync(ledger);
        await Server.TakeSnapshotAsync(ledger.Name, Limit);
        var before = (await StatusAsync(ledger.Name)).Generation;

        await Server.RestoreAsync(ledger.Name, null, Limit);
        Assert.Equal(before + 1, (await StatusAsync(ledger.Name)).Generation);
        await Server.RestoreAsync(ledger.Name, null, Limit);

        Assert.Equal(before + 2, (await StatusAsync(ledger.Name)).Generation);
        Assert.Equal(before + 2, (await Server.TakeSnapshotAsync(ledger.Name, Limit)).Generation);
    }

    [Fact]
    public async Task Without_a_cut_the_newest_one_is_restored()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        var older = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(worker, Limit);
        var newest = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        Assert.Equal(newest, await Server.RestoreAsync(ledger.Name, null, Limit));
        Tensors.AllAre(1, (await ReadAsync(ledger)).AsMemory(0, 1024));
        Assert.Equal(older, await Server.RestoreAsync(ledger.Name, new() { Cut = older.Cut }, Limit));

        Tensors.AllAre(0, await ReadAsync(ledger));
        Assert.Equal(older.Cut, (await StatusAsync(ledger.Name)).LastSnapshot!.Cut);
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task With_fewer_workers_the_cursors_of_the_absent_are_inherited(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 5);
        await CutOfAsync(ledger);

        await Server.RestoreAsync(ledger.Name, new() { Workers = 2 }, Limit);
        var successors = await JoinAllAsync(ledger.Name, 2);

        Assert.Equal([0, 100], successors.Select(w => w.Position.Cursor));
        Assert.Equal([new(2, 1, 200), new(4, 1, 400)], successors[0].Position.Inherited);
        Assert.Equal([new(3, 1, 300)], successors[1].Position.Inherited);
        await Task.WhenAll(successors.Select(w => Ledgers.StepAsync(w, Limit)));
        Tensors.AllAre(7, (await ReadAsync(ledger)).AsMemory(0, 1024));
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task With_more_workers_the_new_ones_begin_at_the_beginning_of_their_data(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 2) with { MaxWorkers = 4 };
        await CutOfAsync(ledger);

        await Server.RestoreAsync(ledger.Name, new() { Workers = 4 }, Limit);
        var successors = await JoinAllAsync(ledger.Name, 4);

        Assert.Equal([(1, 0), (1, 100), (0, 0), (0, 0)], successors.Select(w => (w.Position.Step, w.Position.Cursor)));
        await Task.WhenAll(successors.Select(w => Ledgers.StepAsync(w, Limit)));
        Tensors.AllAre(6, (await ReadAsync(ledger)).AsMemory(0, 1024));
    }

    [Theory]
    [MemberData(nameof(Optimizers.All), MemberType = typeof(Optimizers))]
    public async Task A_new_server_goes_on_with_the_state_of_the_optimizer(string optimizer)
    {
        var spec = Spec(new("a", [700], Initializer.Normal()), new("b", [1900], Initializer.Normal())) with
        {
            Optimizer = Optimizers.Of(optimizer), Schedule = LearningRateSchedule.Step(3, 0.7), Workers = 2, Reduction = Reduction.Mean,
        };
        var undisturbed = spec with { Name = NewName() };
        var expected = await TrainAsync(await BeginAsync(undisturbed), until: 12);

        await TrainAsync(await BeginAsync(spec), until: 5);
        var snapshot = await Server.TakeSnapshotAsync(spec.Name, Limit);
        await RestartServerAsync();
        await CreateAsync(spec);
        Assert.Equal(snapshot, await Server.RestoreAsync(spec.Name, null, Limit));
        var successors = await JoinAllAsync(spec.Name, 2);
        Assert.All(successors, w => Assert.Equal(new WorkerPosition(5, 5, 5) { RestoredCut = snapshot.Cut }, w.Position));

        Tensors.SameBits(expected, await TrainAsync(successors, until: 12));
    }

    [Fact]
    public async Task A_new_server_lists_the_snapshots_of_the_old_one_and_gives_higher_numbers()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await CreateAsync(ledger);
        var before = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        await RestartServerAsync();
        Assert.Equal([before], await Server.ListSnapshotsAsync(ledger.Name, Limit));
        await CreateAsync(ledger);
        var after = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        Assert.True(after.Cut > before.Cut);
        Assert.True(after.Generation > before.Generation);
    }

    /// <summary>One step of every worker, each with a cursor that tells whose it is, and a snapshot of it.</summary>
    private async Task CutOfAsync(ModelSpec ledger)
    {
        var workers = await BeginAsync(ledger);
        foreach (var worker in workers) await Ledgers.PushAsync(worker, Limit);
        await Task.WhenAll(workers.Select(w => w.ClockAsync(100 * w.Rank, Limit).AsTask()));
        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        await (ledger.Consistency.Mode == ConsistencyMode.BulkSynchronous ? taking : TakenAsync(taking, workers));
    }

    private async Task<float[]> TrainAsync(IParameterWorker[] workers, int until)
    {
        var gradient = TensorSet.For(workers[0].Spec);
        while (workers[0].Position.Step < until)
        {
            foreach (var worker in workers)
            {
                Noise.Fill(gradient, 41, worker.Rank, worker.Position.Cursor);
                await worker.PushAsync(gradient, Limit);
            }
            await Crowd.ClockAsync(workers, Limit);
        }
        return await Tensors.PullAsync(workers[0], Limit);
    }
}
