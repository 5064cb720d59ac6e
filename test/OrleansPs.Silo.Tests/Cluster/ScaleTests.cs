using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Silos come and go while workers train, and no worker notices: none of its calls fails, and nothing is lost.</summary>
public sealed class ScaleTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task From_one_silo_to_four_and_back_under_load_without_a_failed_call(bool isReplicated)
    {
        await using var cluster = await ProcessCluster.StartAsync(1);
        cluster.Report = output.WriteLine;
        var durability = isReplicated ? DurabilityPolicy.Replicated() : DurabilityPolicy.Snapshot();
        var spec = Ledger.Spec("scaled", ConsistencyPolicy.StaleSynchronous(2), workers: 2, parameters: 12, durability);
        await cluster.Server.CreateModelAsync(spec, Limit);
        IParameterWorker[] workers = [await cluster.Server.JoinAsync(spec.Name, 0, null, Limit), await cluster.Server.JoinAsync(spec.Name, 1, null, Limit)];
        using var stop = new CancellationTokenSource();
        var training = Task.WhenAll(workers.Select(w => Task.Run(() => RunAsync(w, stop.Token), Limit)));

        for (var silos = 2; silos <= 4; silos++)
        {
            await cluster.AddSiloAsync();
            await AwaitSpreadAsync(cluster, spec, silos, training);
        }
        await AwaitStepsAsync(workers, training);
        foreach (var silo in cluster.Silos.Skip(1).ToArray())
        {
            Assert.Equal(0, await silo.TerminateAsync());
            await AwaitStepsAsync(workers, training);
        }
        await stop.CancelAsync();
        await training;

        output.WriteLine($"{workers.Sum(w => w.Position.Step)} steps");
        Assert.Equal(0, workers[0].Position.RestoredCut);
        await Ledger.RequireAsync(cluster.Server, spec, workers.Sum(w => w.Position.Step), Limit);
        foreach (var worker in workers) await worker.DisposeAsync();
    }

    /// <summary>Every call is made once, and whatever it throws ends the test.</summary>
    private async Task RunAsync(IParameterWorker worker, CancellationToken stop)
    {
        var (gradients, values) = (Ledger.Gradients(worker.Spec), TensorSet.For(worker.Spec));
        while (!stop.IsCancellationRequested)
        {
            await worker.PullAsync(values, Limit);
            await worker.PushAsync(gradients, Limit);
            await worker.ClockAsync(worker.Position.Step + 1, Limit);
        }
        await worker.OutOfDataAsync(Limit);
    }

    private async Task AwaitStepsAsync(IParameterWorker[] workers, Task training)
    {
        var goals = workers.Select(w => w.Position.Step + 2).ToArray();
        await AwaitAsync(() => Task.FromResult(workers.Zip(goals).All(x => x.First.Position.Step >= x.Second)), training);
    }

    private Task AwaitSpreadAsync(ProcessCluster cluster, ModelSpec spec, int silos, Task training) => AwaitAsync(async () =>
    {
        var blocks = await cluster.Admin.ListBlocksAsync(spec.Name, Limit);
        var counts = blocks.GroupBy(b => b.Silo).Select(g => g.Count()).ToArray();
        return counts.Length == silos && counts.Max() - counts.Min() <= 1
            && (!spec.Durability.IsReplicated || blocks.All(b => b.Standby is not null && b.Standby != b.Silo));
    }, training);

    private async Task AwaitAsync(Func<Task<bool>> isThere, Task training)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await isThere())
        {
            if (training.IsCompleted) await training;
            await looks.WaitForNextTickAsync(Limit);
        }
    }
}
