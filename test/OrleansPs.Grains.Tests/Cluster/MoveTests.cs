using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

/// <summary>Blocks move between silos while workers train on them.</summary>
public sealed class MoveTests
{
    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task Blocks_move_to_a_silo_that_comes_and_lose_nothing(string mode)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.Connect();
        var spec = Ledgers.Spec($"moves-{mode}", mode, workers: 2);
        await server.CreateModelAsync(spec, limit.Token);
        IParameterWorker[] workers = [await server.JoinAsync(spec.Name, 0, null, limit.Token), await server.JoinAsync(spec.Name, 1, null, limit.Token)];
        using var stop = new CancellationTokenSource();
        var training = Crowd.RunAsync(workers, async (worker, end) =>
        {
            while (!stop.IsCancellationRequested) await Ledgers.RunStepAsync(worker, end);
            await Ledgers.EndDataAsync(worker, end);
        }, limit.Token);

        await cluster.Orleans.StartAdditionalSiloAsync();
        while ((await server.ListBlocksAsync(spec.Name, limit.Token)).Select(b => b.Silo).Distinct().Count() < 2)
            if (training.IsCompleted) await training;
        var before = workers.Sum(w => w.Position.Step);
        while (workers.Sum(w => w.Position.Step) < before + 20)
            if (training.IsCompleted) await training;
            else await Task.Delay(5, limit.Token);
        await stop.CancelAsync();
        await training;

        await using var reader = await server.OpenReaderAsync(spec.Name, limit.Token);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, limit.Token);
        var steps = workers.Sum(w => w.Position.Cursor);
        Tensors.AllAre(steps, values["plus"]);
        Tensors.AllAre(-steps, values["minus"]);
        Assert.Equal(0, workers[0].Position.RestoredCut);
    }
}
