using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Silos that die, go and come while workers train on them.</summary>
public sealed class LossTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixFact]
    public async Task When_any_of_three_silos_is_killed_training_goes_on_by_itself_from_the_newest_cut()
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("killed", ConsistencyPolicy.Asynchronous, workers: 2, parameters: 64, DurabilityPolicy.Snapshot(everyClocks: 4));
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await AwaitSnapshotAsync(cluster.Server, spec.Name, 0);

        // Each of the three in turn, the first one included; what died is replaced.
        for (var i = 0; i < 3; i++)
        {
            var before = await cluster.Server.GetStatusAsync(spec.Name, Limit);
            var cursors = training.Cursors;
            await cluster.Silos[i].KillAsync();
            var gap = await training.AwaitStepsAsync(1);
            output.WriteLine($"silo {i}: workers went on after {gap.TotalSeconds:0.00} s from cut {training.RestoredCut}, " +
                $"{cursors} steps were done before, {training.Cursors} are now");
            var after = await cluster.Server.GetStatusAsync(spec.Name, Limit);
            Assert.True(after.Generation > before.Generation);
            Assert.True(training.RestoredCut >= before.LastSnapshot!.Cut);
            await cluster.AddSiloAsync();
            await AwaitSpreadAsync(cluster, spec.Name, 3);
            await AwaitSnapshotAsync(cluster.Server, spec.Name, training.RestoredCut);
        }

        await training.StopAsync();
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    [UnixFact]
    public async Task Without_watching_peers_probes_find_out_that_a_silo_is_dead()
    {
        await using var cluster = await ProcessCluster.StartAsync(2, new Dictionary<string, string> { ["OrleansPs:WatchPeers"] = "false" });
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("probed", ConsistencyPolicy.StaleSynchronous(2), workers: 2, parameters: 4);
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await training.AwaitStepsAsync(2);

        await cluster.Silos[0].KillAsync();
        var gap = await training.AwaitStepsAsync(1);
        output.WriteLine($"workers went on after {gap.TotalSeconds:0.00} s");

        await training.StopAsync();
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    [UnixFact]
    public async Task When_all_silos_are_killed_and_started_again_the_model_goes_on_from_the_newest_cut()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("restarted", ConsistencyPolicy.BulkSynchronous, workers: 2, parameters: 8, DurabilityPolicy.Snapshot(everyClocks: 5));
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await AwaitSnapshotAsync(cluster.Server, spec.Name, 2);

        foreach (var silo in cluster.Silos.ToArray()) await silo.KillAsync();
        var kept = NewestCut(cluster);
        Assert.True(kept > 0);
        await cluster.AddSiloAsync();
        await cluster.AddSiloAsync();
        await training.AwaitStepsAsync(2);

        Assert.True(training.RestoredCut >= kept, $"It went on from cut {training.RestoredCut}, and cut {kept} was complete.");
        await training.StopAsync();
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    [UnixTheory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_silo_that_is_told_to_end_hands_everything_over_and_nothing_is_lost(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("handed-over", Modes.Of(mode), workers: 2, parameters: 12);
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await training.AwaitStepsAsync(2);
        var before = await cluster.Server.GetStatusAsync(spec.Name, Limit);

        // Two of three go, so the coordinator and the catalog move too, wherever they were.
        foreach (var silo in cluster.Silos.Take(2).ToArray())
        {
            Assert.Equal(0, await silo.TerminateAsync());
            await training.AwaitStepsAsync(2);
        }

        await training.StopAsync();
        var after = await cluster.Server.GetStatusAsync(spec.Name, Limit);
        Assert.Equal(before.Generation, after.Generation);
        Assert.Equal(0, training.RestoredCut);
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    [UnixFact]
    public async Task Blocks_spread_to_silos_that_come_and_leave_one_that_is_drained_while_workers_train()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("spread", ConsistencyPolicy.StaleSynchronous(2), workers: 2, parameters: 12);
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await training.AwaitStepsAsync(1);

        await cluster.AddSiloAsync();
        await AwaitSpreadAsync(cluster, spec.Name, 2);
        await cluster.AddSiloAsync();
        await AwaitSpreadAsync(cluster, spec.Name, 3);
        var drained = (await cluster.Admin.ListSilosAsync(Limit))[0].Address;
        while (await cluster.Admin.DrainAsync(drained, Limit) > 0) await Task.Yield();
        Assert.DoesNotContain(await cluster.Admin.ListBlocksAsync(spec.Name, Limit), b => b.Silo == drained);
        Assert.True((await cluster.Admin.ListSilosAsync(Limit)).Single(s => s.Address == drained).IsDraining);
        await cluster.SiloAt(drained).KillAsync();
        await training.AwaitStepsAsync(1);

        await training.StopAsync();
        Assert.Equal(0, training.RestoredCut);
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    private async Task AwaitSnapshotAsync(IParameterServer server, string model, long above)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((await server.GetStatusAsync(model, Limit)).LastSnapshot is not { } last || last.Cut <= above)
            await looks.WaitForNextTickAsync(Limit);
    }

    private async Task AwaitSpreadAsync(ProcessCluster cluster, string model, int silos)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var blocks = await cluster.Admin.ListBlocksAsync(model, Limit);
            var counts = blocks.GroupBy(b => b.Silo).Select(g => g.Count()).ToArray();
            if (counts.Length == silos && counts.Max() - counts.Min() <= 1) return;
            await looks.WaitForNextTickAsync(Limit);
        }
    }

    // From the directory itself: no silo is there to be asked. The newest manifest may not be in the index yet.
    private static long NewestCut(ProcessCluster cluster)
    {
        var manifests = System.IO.Directory.EnumerateFiles(cluster.Directory, "*manifest-*", SearchOption.AllDirectories);
        return manifests.Select(m => long.Parse(m[(m.LastIndexOf("manifest-", StringComparison.Ordinal) + "manifest-".Length)..],
            System.Globalization.CultureInfo.InvariantCulture)).Order().SkipLast(1).LastOrDefault();
    }
}
