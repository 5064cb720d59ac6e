namespace OrleansPs.Conformance;

/// <summary>What a cancelled call leaves behind.</summary>
public abstract class CancellationConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter Large = new("large", [20_000]);

    [Fact]
    public async Task A_cancelled_clock_goes_on_when_it_is_called_again()
    {
        var workers = await BeginAsync(Spec(Large) with { Workers = 2 });
        await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 1), Limit);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var waiting = workers[0].ClockAsync(5, cancel.Token).AsTask();
        await UntilWaiting(workers[0].Model, 0);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        var again = workers[0].ClockAsync(5, Limit).AsTask();
        await workers[1].ClockAsync(1, Limit);

        Assert.Equal(new ClockResult(1, 1), await again);
        Assert.Equal(new WorkerPosition(1, 1, 5), workers[0].Position);
        Tensors.AllAre(1, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task After_a_cancelled_clock_the_step_is_still_being_ended()
    {
        var workers = await BeginAsync(Spec(Large) with { Workers = 2 });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var waiting = workers[0].ClockAsync(5, cancel.Token).AsTask();
        await UntilWaiting(workers[0].Model, 0);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        await Assert.ThrowsAsync<WorkerStateException>(() => Tensors.PullAsync(workers[0], Limit));
        var e = await Assert.ThrowsAsync<WorkerStateException>(() => workers[0].ClockAsync(6, Limit).AsTask());

        Assert.Contains("cursor 5", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("ASP")]
    public async Task A_cancelled_push_aborts_the_step_which_then_is_done_again(string mode)
    {
        var worker = (await BeginAsync(Spec(Large) with
        {
            Consistency = mode == "BSP" ? ConsistencyPolicy.BulkSynchronous : ConsistencyPolicy.Asynchronous,
            NonFinite = NonFinitePolicy.Accept,
        }))[0];
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        using var gradient = new ObservedMemory(20_000, 1, onRead: reads => { if (reads == 3) cancel.Cancel(); });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => worker.PushAsync("large", gradient.Memory, cancel.Token).AsTask());
        var e = await Assert.ThrowsAsync<StepRestartException>(() => worker.ClockAsync(1, Limit).AsTask());
        Assert.Equal(StepRestartReason.StepAborted, e.Reason);
        Assert.Equal(new WorkerPosition(0, 0, 0), await worker.ResumeAsync(Limit));
        await worker.PushAsync(Tensors.Full(worker.Spec, 1), Limit);
        await worker.ClockAsync(1, Limit);

        Tensors.AllAre(1, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_before_it_begins_changes_nothing()
    {
        var worker = (await BeginAsync(Spec(Large)))[0];
        var cancelled = new CancellationToken(canceled: true);
        var values = TensorSet.For(worker.Spec);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.PushAsync(values, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.PullAsync(values, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.PushPullAsync(values, values, cancelled).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.ClockAsync(1, cancelled).AsTask());

        await worker.PushAsync(Tensors.Full(worker.Spec, 1), Limit);
        await worker.ClockAsync(1, Limit);
        Tensors.AllAre(1, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_cancelled_join_can_be_asked_again()
    {
        var workers = await BeginAsync(Spec(Large) with { Workers = 2 });
        await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 1), Limit);
        var ended = workers[0].ClockAsync(1, Limit).AsTask();
        await UntilWaiting(workers[0].Model, 0);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);

        // The rank has ended its step, so who takes it up waits for the round to close.
        var joining = Server.JoinAsync(workers[0].Model, 0, null, cancel.Token);
        await Assert.ThrowsAsync<FencedException>(() => ended);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
        var again = JoinAsync(workers[0].Model, 0);
        await workers[1].ClockAsync(1, Limit);

        Assert.Equal(new WorkerPosition(1, 1, 1), (await again).Position);
        Tensors.AllAre(1, await Tensors.PullAsync(workers[1], Limit));
    }

    [Fact]
    public async Task A_cancelled_wait_for_a_snapshot_leaves_the_model_at_work()
    {
        var worker = (await BeginAsync(Spec(Large) with { Consistency = ConsistencyPolicy.Asynchronous }))[0];
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Limit);

        var snapshot = Server.TakeSnapshotAsync(worker.Model, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => snapshot);
        var next = Server.TakeSnapshotAsync(worker.Model, Limit);
        await Until(async () =>
        {
            await worker.ClockAsync(1, Limit);
            return next.IsCompleted;
        });

        await next;
    }
}
