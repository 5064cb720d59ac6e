using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>A whole cluster that is told to end at once.</summary>
public sealed class EndingTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    [InlineData(true, 3)]
    public async Task Silos_that_end_together_leave_all_there_was_in_a_snapshot(bool replicated, int silos)
    {
        await using var cluster = await ProcessCluster.StartAsync(silos);
        cluster.Report = output.WriteLine;
        var durability = replicated ? DurabilityPolicy.Replicated() : DurabilityPolicy.Snapshot();
        var spec = Ledger.Spec("ended", ConsistencyPolicy.StaleSynchronous(2), workers: 2, parameters: 12, durability);
        await using var training = await Training.StartAsync(cluster.Server, spec, _limit.Token);
        await training.AwaitStepsAsync(3);
        await training.StopAsync();
        await cluster.DisconnectAsync();

        Assert.All(await Task.WhenAll(cluster.Silos.Select(s => s.TerminateAsync())), code => Assert.Equal(0, code));

        await cluster.AddSiloAsync();
        await cluster.AddSiloAsync();
        await cluster.ConnectAsync();
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, _limit.Token);
    }
}
