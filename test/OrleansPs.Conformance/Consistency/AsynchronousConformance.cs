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

    private ModelSpec Asynchronous(int workers) =>
        Spec(Parameters) with { Consistency = ConsistencyPolicy.Asynchronous, Workers = workers };
}
