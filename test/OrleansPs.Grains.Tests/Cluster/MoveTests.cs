using OrleansPs.Conformance;
using OrleansPs.Protocol;

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
        var workers = await TrainWhileASiloComesAsync(
            cluster, server, spec, _ => Ledgers.RunStepAsync, Ledgers.EndDataAsync, limit.Token);

        await using var reader = await server.OpenReaderAsync(spec.Name, limit.Token);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, limit.Token);
        var steps = workers.Sum(w => w.Position.Cursor);
        Tensors.AllAre(steps, values["plus"]);
        Tensors.AllAre(-steps, values["minus"]);
        Assert.Equal(0, workers[0].Position.RestoredCut);
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("ASP")]
    public async Task Shards_of_a_table_move_with_their_rows(string mode)
    {
        const int keys = 200, width = 3;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.Connect();
        var spec = Ledgers.Spec($"moving-rows-{mode}", mode, workers: 2) with { Parameters = [], Tables = [new("rows", width)] };
        var workers = await TrainWhileASiloComesAsync(cluster, server, spec, _ =>
        {
            var ones = Rows(keys, width, 1).Set;
            return (worker, end) => worker.RunStepAsync(async (position, cancel) =>
            {
                await worker.PushRowsAsync(ones, cancel);
                return position.Cursor + 1;
            }, end);
        }, (worker, end) => worker.OutOfDataAsync(end), limit.Token);

        await using var reader = await server.OpenReaderAsync(spec.Name, limit.Token);
        var (rows, values) = Rows(keys, width, 0);
        await reader.ReadLatestRowsAsync(rows, limit.Token);
        var steps = workers.Sum(w => w.Position.Cursor);
        Assert.All(values, value => Assert.Equal(steps, value));
        Assert.Equal(0, workers[0].Position.RestoredCut);
    }

    /// <summary>Two workers train on a silo until a second one has blocks, and some steps more.</summary>
    private static async Task<IParameterWorker[]> TrainWhileASiloComesAsync(
        TestCluster cluster, ClusterParameterServer server, ModelSpec spec, Func<IParameterWorker, Func<IParameterWorker, CancellationToken, Task>> stepOf,
        Func<IParameterWorker, CancellationToken, Task> endData, CancellationToken limit)
    {
        await server.CreateModelAsync(spec, limit);
        IParameterWorker[] workers = [await server.JoinAsync(spec.Name, 0, null, limit), await server.JoinAsync(spec.Name, 1, null, limit)];
        using var stop = new CancellationTokenSource();
        var training = Crowd.RunAsync(workers, async (worker, end) =>
        {
            var step = stepOf(worker);
            while (!stop.IsCancellationRequested) await step(worker, end);
            await endData(worker, end);
        }, limit);

        await cluster.Orleans.StartAdditionalSiloAsync();
        while ((await server.ListBlocksAsync(spec.Name, limit)).Select(b => b.Silo).Distinct().Count() < 2)
            if (training.IsCompleted) await training;
        var before = workers.Sum(w => w.Position.Step);
        while (workers.Sum(w => w.Position.Step) < before + 20)
            if (training.IsCompleted) await training;
            else await Task.Delay(5, limit);
        await stop.CancelAsync();
        await training;
        return workers;
    }

    private static (RowSet Set, float[] Values) Rows(int keys, int width, float value)
    {
        var (set, values) = (new RowSet(), new float[keys * width]);
        Array.Fill(values, value);
        set.Add("rows", Enumerable.Range(0, keys).Select(k => (long)k).ToArray(), values);
        return (set, values);
    }
}
