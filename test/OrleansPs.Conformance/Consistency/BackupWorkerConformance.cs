namespace OrleansPs.Conformance;

/// <summary>Backup workers: a round goes without the slowest ones, whose steps do not count and are done again.</summary>
public abstract class BackupWorkerConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter[] Parameters = [new("a", [700]), new("b", [2500])];

    [Fact]
    public async Task A_round_closes_without_the_slowest_and_its_step_is_done_again()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 3, BackupWorkers = 1, Reduction = Reduction.Mean });
        for (var rank = 0; rank < 3; rank++) await workers[rank].PushAsync(Tensors.Full(workers[rank].Spec, 1 << rank), Limit);

        await Crowd.ClockAsync(workers[..2], Limit);

        // The mean is over those that are in.
        Tensors.AllAre(1.5f, await Tensors.PullAsync(workers[0], Limit));
        var late = await Assert.ThrowsAsync<StepRestartException>(async () => await workers[2].ClockAsync(1, Limit));
        Assert.Equal(StepRestartReason.StepClosed, late.Reason);
        Assert.Equal(1, (await WorkerAsync(workers[0].Model, 2)).RoundsMissed);
        Assert.Equal(new WorkerPosition(0, 1, 0), await workers[2].ResumeAsync(Limit));
        await workers[2].PushAsync(Tensors.Full(workers[2].Spec, 4), Limit);
        await Crowd.ClockAsync(workers[1..], Limit);
        Assert.Equal(new WorkerPosition(1, 2, 1), workers[2].Position);
        Tensors.AllAre(1.5f + 2, await Tensors.PullAsync(workers[1], Limit));
    }

    [Fact]
    public async Task A_push_for_a_round_that_is_closed_is_refused_and_leaves_nothing()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 2, BackupWorkers = 1 });
        await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 1), Limit);
        await workers[0].ClockAsync(1, Limit);
        Tensors.AllAre(1, await Tensors.PullAsync(workers[0], Limit));

        var late = await Assert.ThrowsAsync<StepRestartException>(
            async () => await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 7), Limit));

        Assert.Equal(StepRestartReason.StepClosed, late.Reason);
        Tensors.AllAre(1, await ReadAsync(workers[0].Spec));
    }

    [Fact]
    public async Task No_step_is_lost_or_counted_twice_however_often_it_is_late()
    {
        const int steps = 30;
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 4, BackupWorkers = 2 });

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            var ones = Tensors.Full(worker.Spec, 1);
            while (worker.Position.Step < steps)
            {
                try
                {
                    await worker.PushAsync(ones, end);
                    for (var i = 0; i < worker.Rank; i++) await Task.Yield();
                    await worker.ClockAsync(worker.Position.Step + 1, end);
                }
                catch (StepRestartException e) when (e.Reason == StepRestartReason.StepClosed)
                {
                    await worker.ResumeAsync(end);
                }
            }
            await worker.OutOfDataAsync(end);
        }, Limit);

        Tensors.AllAre(4 * steps, await ReadAsync(workers[0].Spec));
    }

    [Fact]
    public async Task Who_holds_the_others_up_is_told_by_name()
    {
        var workers = await BeginAsync(Spec(Parameters) with { Workers = 3 });
        var waiting = workers[1].ClockAsync(1, Limit).AsTask();
        await UntilWaiting(workers[0].Model, 1);

        var seen = (await StatusAsync(workers[0].Model)).Workers;
        Assert.Equal([true, false, true], seen.Select(w => w.BlocksFor >= TimeSpan.Zero));
        await Crowd.ClockAsync([workers[0], workers[2]], Limit);
        await waiting;

        Assert.All((await StatusAsync(workers[0].Model)).Workers, w => Assert.Null(w.BlocksFor));
    }
}
