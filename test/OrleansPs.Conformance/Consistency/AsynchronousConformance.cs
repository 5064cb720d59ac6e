namespace OrleansPs.Conformance;

/// <summary>ASP: nobody waits for anybody, and no push is lost.</summary>
public abstract class AsynchronousConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter[] Parameters = [new("a", [1500]), new("b", [300])];

    [Fact]
    public async Task Nobody_waits_for_a_worker_that_stands_still()
    {
        var workers = await BeginAsync(Asynchronous(2));

        for (var step = 1; step <= 20; step++)
            Assert.Equal(new ClockResult(step, 0), await workers[0].ClockAsync(step, Limit));

        Assert.Equal(20, workers[0].Position.Clock);
        Assert.Equal(0, (await StatusAsync(workers[0].Model)).Round);
    }

    [Fact]
    public async Task Pushes_of_many_workers_at_once_all_count()
    {
        const int steps = 50;
        var workers = await BeginAsync(Asynchronous(4));

        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            var ones = Tensors.Full(worker.Spec, 1);
            for (var step = 0; step < steps; step++)
            {
                await worker.PushAsync(ones, end);
                await worker.PushAsync(ones, end);
                await worker.ClockAsync(step + 1, end);
            }
        }, Limit);

        Tensors.AllAre(4 * steps * 2, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task The_last_assignment_wins()
    {
        var workers = await BeginAsync(Asynchronous(2) with { Optimizer = Optimizer.Assign() });

        await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 3), Limit);
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 4), Limit);

        Tensors.AllAre(4, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_stale_push_takes_a_smaller_step_where_the_learning_rate_compensates()
    {
        var workers = await BeginAsync(Compensated(StalenessCompensation.ByLr()));
        foreach (var worker in workers) await Tensors.PullAsync(worker, Limit);

        for (var i = 0; i < 3; i++) await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 6), Limit);
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 6), Limit);

        // 6 / 1, 6 / 1, 6 / 2, 6 / 3
        Tensors.AllAre(-17, await Tensors.PullAsync(workers[1], Limit));
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 6), Limit);
        Tensors.AllAre(-23, await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task A_stale_gradient_is_corrected_for_its_delay()
    {
        var workers = await BeginAsync(Compensated(StalenessCompensation.DcAsgd(0.5)));
        foreach (var worker in workers) await Tensors.PullAsync(worker, Limit);

        await workers[0].PushAsync(Tensors.Full(workers[0].Spec, 3), Limit);
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 2), Limit);

        // -3, and then 2 + 0.5 x 4 x -3 = -4 off it
        Tensors.AllAre(1, await Tensors.PullAsync(workers[1], Limit));
        await workers[1].PushAsync(Tensors.Full(workers[1].Spec, 2), Limit);
        Tensors.AllAre(-1, await Tensors.PullAsync(workers[0], Limit));
    }

    private ModelSpec Compensated(StalenessCompensation compensation) =>
        Asynchronous(2) with { Optimizer = Optimizer.Sgd(lr: 1), Compensation = compensation };

    private ModelSpec Asynchronous(int workers) =>
        Spec(Parameters) with { Consistency = ConsistencyPolicy.Asynchronous, Workers = workers };
}
