namespace OrleansPs.Conformance;

/// <summary>Workers come and go, and the others go on.</summary>
public abstract class MembershipConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter Counter = new("counter", [1500]);

    public static TheoryData<string> Modes => ["BSP", "SSP", "ASP"];

    [Theory]
    [InlineData("BSP", 3)]
    [InlineData("SSP", 3)]
    [InlineData("ASP", 0)]
    public async Task A_late_joiner_starts_where_the_others_are(string mode, long clock)
    {
        var spec = In(mode, workers: 1) with { MaxWorkers = 3 };
        var early = (await BeginAsync(spec))[0];
        for (var step = 0; step < 3; step++) await StepAsync(early);

        var late = await JoinAsync(spec.Name, 2);
        Assert.Equal(new WorkerPosition(0, clock, 0), late.Position);
        for (var step = 0; step < 4; step++) await Task.WhenAll(StepAsync(early), StepAsync(late));

        Tensors.AllAre(11, await Tensors.PullAsync(late, Limit));
        Assert.Equal(new WorkerPosition(4, clock + 4, 4), late.Position);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_joined_rank_is_waited_for_even_above_the_number_that_starts_together(string mode)
    {
        var spec = In(mode, workers: 1) with { MaxWorkers = 2 };
        var early = (await BeginAsync(spec))[0];
        var late = await JoinAsync(spec.Name, 1);

        await StepAsync(early, until: mode == "BSP" ? 0 : 1);
        var next = StepAsync(early);
        if (mode != "ASP") await UntilWaiting(spec.Name, 0);
        if (mode == "ASP") await next;
        await StepAsync(late);
        await next;

        Assert.Equal(2, (await StatusAsync(spec.Name)).Workers.Count);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Taking_over_a_rank_goes_on_where_it_was_and_fences_the_old_session(string mode)
    {
        var spec = In(mode, workers: 1);
        var old = (await BeginAsync(spec))[0];
        await StepAsync(old);
        await StepAsync(old);

        var successor = await JoinAsync(spec.Name, 0);
        Assert.Equal(old.Position, successor.Position);
        await StepAsync(successor);

        await Assert.ThrowsAsync<FencedException>(() => StepAsync(old));
        await Assert.ThrowsAsync<FencedException>(() => old.ResumeAsync(Limit));
        Assert.Equal(2, (await WorkerAsync(spec.Name, 0)).Incarnation);
        Tensors.AllAre(3, await Tensors.PullAsync(successor, Limit));
    }

    [Fact]
    public async Task A_fenced_session_is_told_its_rank()
    {
        var old = (await BeginAsync(In("BSP", workers: 1)))[0];
        await JoinAsync(old.Model, 0);

        var e = await Assert.ThrowsAsync<FencedException>(() => old.ClockAsync(1, Limit).AsTask());

        Assert.Equal(0, e.Rank);
        Assert.False(e.IsTransient);
        Assert.Contains($"'{old.Model}'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task An_evicted_worker_is_told_and_comes_back(string mode)
    {
        var spec = In(mode, workers: 2);
        var workers = await BeginAsync(spec);
        await Task.WhenAll(workers.Select(w => StepAsync(w)));

        await Server.EvictAsync(spec.Name, 1, Limit);
        Assert.Equal(WorkerStatus.Evicted, (await WorkerAsync(spec.Name, 1)).Status);
        for (var step = 0; step < 3; step++) await StepAsync(workers[0]);
        var e = await Assert.ThrowsAsync<StepRestartException>(() => workers[1].ClockAsync(2, Limit).AsTask());
        Assert.True(e.Reason is StepRestartReason.Evicted or StepRestartReason.StepClosed, e.Reason.ToString());
        Assert.False(e.IsTransient);
        var position = await workers[1].ResumeAsync(Limit);

        Assert.Equal((1, 1), (position.Step, position.Cursor));
        Assert.Equal(WorkerStatus.Live, (await WorkerAsync(spec.Name, 1)).Status);
        await Task.WhenAll(workers.Select(w => StepAsync(w)));
        Tensors.AllAre(7, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_step_that_had_counted_before_the_eviction_is_done_once_and_not_followed_by_another()
    {
        var workers = await BeginAsync(In("BSP", workers: 2));
        var done = 0;
        var running = workers[0].RunStepAsync(async (position, end) =>
        {
            done++;
            await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 1), end);
            return position.Cursor + 1;
        }, Limit);
        await UntilWaiting(workers[0].Model, 0);

        await Server.EvictAsync(workers[0].Model, 0, Limit);
        await StepAsync(workers[1]);
        await running;

        Assert.Equal((1, 1), (done, workers[0].Position.Cursor));
        Tensors.AllAre(2, await Tensors.PullAsync(workers[0], Limit));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Evicting_lets_those_go_on_that_wait_for_the_evicted(string mode)
    {
        var spec = In(mode, workers: 2);
        var workers = await BeginAsync(spec);
        await StepAsync(workers[0], until: mode == "BSP" ? 0 : 1);
        var waiting = StepAsync(workers[0]);
        if (mode != "ASP") await UntilWaiting(spec.Name, 0);

        await Server.EvictAsync(spec.Name, 1, Limit);

        await waiting;
        Assert.Equal(mode == "BSP" ? 1 : 2, workers[0].Position.Step);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_worker_that_falls_silent_is_evicted_when_its_lease_runs_out(string mode)
    {
        var spec = In(mode, workers: 2) with { Lease = TimeSpan.FromMilliseconds(200) };
        var worker = await JoinAsync(await CreateAsync(spec), 0);
        var mortal = await JoinMortalAsync(spec.Name, 1);

        mortal.Kill();
        for (var step = 0; step < 5; step++) await worker.RunStepAsync((p, _) => new(p.Cursor + 1), Limit);
        await Until(async () => (await WorkerAsync(spec.Name, 1)).Status == WorkerStatus.Evicted);

        await Assert.ThrowsAsync<StepRestartException>(() => StepAsync(mortal.Session));
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_half_step_stands_otherwise_than_under_BSP_and_doing_it_again_completes_it(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 2);
        var workers = await BeginAsync(ledger);
        await workers[1].PushAsync(Tensors.Full((ledger.Parameters[0], 1)), Limit);
        await Server.EvictAsync(ledger.Name, 1, Limit);
        Tensors.AllAre(1, (await ReadAsync(ledger)).AsMemory(0, 1024));

        await workers[1].ResumeAsync(Limit);
        await Ledgers.StepAsync(workers[1], Limit);

        var sums = await ReadAsync(ledger);
        Tensors.AllAre(1, sums.AsMemory(0, 1024));
        Tensors.AllAre(-1, sums.AsMemory(1024));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Nobody_waits_for_a_worker_that_left(string mode)
    {
        var spec = In(mode, workers: 2);
        var workers = await BeginAsync(spec);
        await Task.WhenAll(workers.Select(w => StepAsync(w)));

        await workers[1].LeaveAsync(Limit);
        for (var step = 0; step < 5; step++) await StepAsync(workers[0]);

        Assert.Equal(WorkerStatus.Left, (await WorkerAsync(spec.Name, 1)).Status);
        Tensors.AllAre(7, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_disposed_session_has_left()
    {
        var spec = In("BSP", workers: 2);
        var workers = await BeginAsync(spec);

        await workers[1].DisposeAsync();
        await StepAsync(workers[0]);

        Assert.Equal(WorkerStatus.Left, (await WorkerAsync(spec.Name, 1)).Status);
    }

    [Fact]
    public async Task A_rank_that_left_may_be_taken_up_again()
    {
        var spec = In("BSP", workers: 2);
        var workers = await BeginAsync(spec);
        await Task.WhenAll(workers.Select(w => StepAsync(w)));
        await workers[1].LeaveAsync(Limit);
        await StepAsync(workers[0]);

        var back = await JoinAsync(spec.Name, 1);

        Assert.Equal(new WorkerPosition(1, 2, 1), back.Position);
        await Task.WhenAll(StepAsync(workers[0]), StepAsync(back));
        Tensors.AllAre(5, await Tensors.PullAsync(back, Limit));
    }

    private ModelSpec In(string mode, int workers) => Spec(Counter) with
    {
        Consistency = mode switch
        {
            "BSP" => ConsistencyPolicy.BulkSynchronous,
            "SSP" => ConsistencyPolicy.StaleSynchronous(1),
            _ => ConsistencyPolicy.Asynchronous,
        },
        Workers = workers,
    };

    private async Task StepAsync(IParameterWorker worker, int until)
    {
        while (worker.Position.Step < until) await StepAsync(worker);
    }

    private async Task StepAsync(IParameterWorker worker)
    {
        await worker.PushAsync(Tensors.Full(worker.Spec, 1), Limit);
        await worker.ClockAsync(worker.Position.Cursor + 1, Limit);
    }
}
