using System.Diagnostics;
using Orleans.Runtime;
using OrleansPs.Protocol;
using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>How soon a worker goes on when a silo is killed that it needs in one way or another.</summary>
public sealed class ClientFailoverTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData("SSP")]
    [InlineData("BSP")]
    public async Task Workers_go_on_when_the_silo_of_the_coordinator_is_killed(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        await GoOnAsync(cluster, $"coordinator-{mode}", mode, async model => await CoordinatorAsync(cluster, model));
    }

    // A client is connected to every gateway, and sends a part of its requests through each.
    [UnixTheory]
    [InlineData("SSP")]
    [InlineData("BSP")]
    public async Task Workers_go_on_when_another_silo_is_killed(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        await GoOnAsync(cluster, $"gateway-{mode}", mode, async model =>
        {
            var coordinator = await CoordinatorAsync(cluster, model);
            return cluster.Silos.First(s => s != coordinator && !s.HasExited);
        });
    }

    private async Task GoOnAsync(ProcessCluster cluster, string model, string mode, Func<string, Task<SiloProcess>> choose)
    {
        var spec = Ledger.Spec(model, Modes.Of(mode), workers: 2, parameters: 6, DurabilityPolicy.Snapshot(everyClocks: 5));
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        for (var i = 0; i < 3; i++)
        {
            await training.AwaitStepsAsync(10);
            var victim = await choose(model);
            var start = Stopwatch.GetTimestamp();
            await victim.KillAsync();
            var dead = await AwaitDeadAsync(cluster, victim, start);
            await training.AwaitStepsAsync(1);
            output.WriteLine($"{mode}: dead after {dead.TotalMilliseconds:0} ms, the next step is done after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
            await cluster.AddSiloAsync();
            await AwaitSpreadAsync(cluster, model, 3);
        }
        await training.StopAsync();
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    private async Task<TimeSpan> AwaitDeadAsync(ProcessCluster cluster, SiloProcess silo, long start)
    {
        var table = MembershipFile.PathOf(cluster.Directory, "orleansps");
        while (MembershipFile.Read(table).Silos.Any(s => s.Status == SiloStatus.Active && s.Silo.Endpoint.Port == silo.Settings.SiloPort))
            await Task.Delay(1, Limit);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task AwaitSpreadAsync(ProcessCluster cluster, string model, int silos)
    {
        while ((await cluster.Admin.ListBlocksAsync(model, Limit)).Select(b => b.Silo).Distinct().Count() < silos) await Task.Delay(20, Limit);
    }

    private static async Task<SiloProcess> CoordinatorAsync(ProcessCluster cluster, string model)
    {
        var management = cluster.Grains.GetGrain<IManagementGrain>(0);
        var address = await management.GetActivationAddress(cluster.Grains.GetGrain<ICoordinatorGrain>(model));
        Assert.NotNull(address);
        return cluster.Silos.Single(s => !s.HasExited && s.Settings.SiloPort == address.Endpoint.Port);
    }
}
