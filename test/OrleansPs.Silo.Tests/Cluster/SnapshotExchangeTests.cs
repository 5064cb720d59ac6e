using OrleansPs.Conformance;
using OrleansPs.Embedded;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Snapshots go from one process to a cluster and back, with the operator's tool.</summary>
public sealed class SnapshotExchangeTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private readonly TempDirectory _directory = new();

    private CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task An_embedded_snapshot_goes_on_on_a_cluster_and_back_with_the_same_bits()
    {
        var spec = Spec("travels");
        var (there, back) = (Path.Combine(_directory.FullPath, "there"), Path.Combine(_directory.FullPath, "back"));
        float[] undisturbed;
        await using (var server = await EmbeddedParameterServer.StartAsync())
        {
            await server.CreateModelAsync(spec, Limit);
            undisturbed = await TrainAsync(server, spec, until: 9);
        }
        await using (var server = await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = there }))
        {
            await server.CreateModelAsync(spec, Limit);
            await TrainAsync(server, spec, until: 3);
            await server.TakeSnapshotAsync(spec.Name, Limit);
        }

        await using (var cluster = await ProcessCluster.StartAsync(2))
        {
            await ToolProcess.RunAsync("Ctl", "snapshots", "import", "--from", there, spec.Name, "--directory", cluster.Directory);
            await cluster.Server.CreateModelAsync(spec, Limit);
            await cluster.Server.RestoreAsync(spec.Name, null, Limit);
            await TrainAsync(cluster.Server, spec, until: 6);
            await cluster.Server.TakeSnapshotAsync(spec.Name, Limit);
            await ToolProcess.RunAsync("Ctl", "snapshots", "export", spec.Name, "--to", back, "--directory", cluster.Directory);
        }

        await using (var server = await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = back }))
        {
            await server.CreateModelAsync(spec, Limit);
            await server.RestoreAsync(spec.Name, null, Limit);
            Tensors.SameBits(undisturbed, await TrainAsync(server, spec, until: 9));
        }
    }

    private static ModelSpec Spec(string name) => new(name)
    {
        Parameters = [new("a", [700], Initializer.Normal()), new("b", [5000], Initializer.Normal())],
        Optimizer = Optimizer.Adam(),
        BlockBytes = 4096,
        Workers = 2,
    };

    // The sessions stay at their ranks when the server ends; a restore waits for their successors.
    private async Task<float[]> TrainAsync(IParameterServer server, ModelSpec spec, int until)
    {
        IParameterWorker[] workers = [await server.JoinAsync(spec.Name, 0, null, Limit), await server.JoinAsync(spec.Name, 1, null, Limit)];
        var gradient = TensorSet.For(spec);
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
