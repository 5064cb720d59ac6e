using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>With durability Replicated no silo's death puts a model back: the standby goes on with all that was acknowledged.</summary>
public sealed class ReplicationTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task When_any_of_three_silos_is_killed_nothing_acknowledged_is_lost(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("replicated", Modes.Of(mode), workers: 2, parameters: 12, DurabilityPolicy.Replicated(everyClocks: 20));
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        var before = await cluster.Server.GetStatusAsync(spec.Name, Limit);
        await AwaitStandbysAsync(cluster, spec.Name);

        for (var i = 0; i < 3; i++)
        {
            await training.AwaitStepsAsync(2);
            await cluster.Silos[i].KillAsync();
            var gap = await training.AwaitStepsAsync(1);
            output.WriteLine($"{mode}, silo {i}: workers went on after {gap.TotalSeconds:0.00} s");
            await cluster.AddSiloAsync();
            await AwaitStandbysAsync(cluster, spec.Name);
        }

        await training.StopAsync();
        Assert.Equal(before.Generation, (await cluster.Server.GetStatusAsync(spec.Name, Limit)).Generation);
        Assert.Equal(0, training.RestoredCut);
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    /// <summary>Every block has a standby on another silo, and no silo that is dead is named.</summary>
    internal static async Task AwaitStandbysAsync(ProcessCluster cluster, string model)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        do await looks.WaitForNextTickAsync(limit.Token);
        while ((await cluster.Admin.ListBlocksAsync(model, limit.Token)).Any(b => b.Standby is null || b.Standby == b.Silo || b.Bytes == 0));
    }
}
