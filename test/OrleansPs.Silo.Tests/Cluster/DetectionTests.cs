using System.Diagnostics;
using Orleans.Runtime;
using OrleansPs.Protocol;
using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>How soon silos know that another one is dead, and that they leave one alone that only pauses.</summary>
public sealed class DetectionTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_silo_that_is_killed_is_dead_for_the_others(int silos)
    {
        await using var cluster = await ProcessCluster.StartAsync(silos);
        for (var i = 0; i < 3; i++)
        {
            await AwaitCountAsync(cluster, silos);
            var start = Stopwatch.GetTimestamp();
            await cluster.Silos[i].KillAsync();
            var gone = await AwaitGoneAsync(cluster, cluster.Silos[i], start);
            await AwaitCountAsync(cluster, silos - 1);
            var told = Stopwatch.GetElapsedTime(start);
            output.WriteLine($"{silos} silos: dead in the table after {gone.TotalMilliseconds:0} ms, a client is told so after {told.TotalMilliseconds:0} ms");
            await cluster.AddSiloAsync();
        }
    }

    [UnixFact]
    public async Task A_silo_that_pauses_for_less_than_two_seconds_stays()
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        await AwaitCountAsync(cluster, 3);
        foreach (var silo in cluster.Silos)
        {
            await silo.PauseAsync();
            await Task.Delay(TimeSpan.FromSeconds(1.9), Limit);
            await silo.ResumeAsync();
            await Task.Delay(TimeSpan.FromSeconds(2), Limit);
        }

        Assert.All(cluster.Silos, s => Assert.False(s.HasExited));
        await AwaitCountAsync(cluster, 3);
    }

    [UnixFact]
    public async Task A_silo_that_pauses_for_long_is_dead_for_the_others()
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        await AwaitCountAsync(cluster, 3);
        var start = Stopwatch.GetTimestamp();
        await cluster.Silos[0].PauseAsync();

        var gone = await AwaitGoneAsync(cluster, cluster.Silos[0], start);

        output.WriteLine($"known to be dead after {gone.TotalSeconds:0.0} s of a pause");
        await cluster.Silos[0].ResumeAsync();
    }

    // From the table itself: to ask a silo takes time of its own.
    private async Task<TimeSpan> AwaitGoneAsync(ProcessCluster cluster, SiloProcess silo, long start)
    {
        var table = MembershipFile.PathOf(cluster.Directory, "orleansps");
        while (MembershipFile.Read(table).Silos.Any(s => s.Status == SiloStatus.Active && s.Silo.Endpoint.Port == silo.Settings.SiloPort))
            await Task.Delay(1, Limit);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task AwaitCountAsync(ProcessCluster cluster, int silos)
    {
        while ((await cluster.Admin.ListSilosAsync(Limit)).Count != silos) await Task.Delay(5, Limit);
    }
}
