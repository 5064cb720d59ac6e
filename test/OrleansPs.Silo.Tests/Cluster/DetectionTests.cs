using System.Diagnostics;
using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Who is declared dead, and who is not. How long that takes is printed, not required.</summary>
public sealed class DetectionTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixTheory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_silo_that_is_killed_is_gone_at_once(int silos)
    {
        await using var cluster = await ProcessCluster.StartAsync(silos);
        cluster.Report = output.WriteLine;
        var watching = await WatchedAsync(cluster, cluster.Silos[0]);

        var start = Stopwatch.GetTimestamp();
        await cluster.Silos[0].KillAsync();
        await AwaitGoneAsync(cluster, watching);

        output.WriteLine($"of {silos} silos one was killed, and gone after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    [UnixFact]
    public async Task A_silo_that_stands_still_for_two_seconds_stays_and_one_that_does_so_for_ever_goes()
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        cluster.Report = output.WriteLine;
        var watched = await WatchedAsync(cluster, cluster.Silos[0]);

        await cluster.Silos[0].PauseAsync();
        await Task.Delay(TimeSpan.FromSeconds(2), Limit);
        await cluster.Silos[0].ResumeAsync();
        // Longer than it takes to vote: whoever was about to would have.
        await Task.Delay(TimeSpan.FromSeconds(3), Limit);
        Assert.Contains(watched, await AddressesAsync(cluster));

        var start = Stopwatch.GetTimestamp();
        await cluster.Silos[0].PauseAsync();
        await AwaitGoneAsync(cluster, watched);
        output.WriteLine($"a silo that stands still was gone after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    }

    private async Task<string> WatchedAsync(ProcessCluster cluster, SiloProcess silo) =>
        (await AddressesAsync(cluster)).Single(a => cluster.SiloAt(a) == silo);

    private async Task<string[]> AddressesAsync(ProcessCluster cluster) => [.. (await cluster.Admin.ListSilosAsync(Limit)).Select(s => s.Address)];

    private async Task AwaitGoneAsync(ProcessCluster cluster, string silo)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while ((await AddressesAsync(cluster)).Contains(silo)) await looks.WaitForNextTickAsync(Limit);
    }
}
