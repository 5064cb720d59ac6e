using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

/// <summary>A storage that refuses, or that gives back something else than it was given.</summary>
public sealed class StorageFaultTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task While_the_storage_refuses_training_goes_on_and_the_status_says_why_there_is_no_snapshot()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.Connect();
        var ledger = Ledgers.Spec("refused", "BSP", workers: 1) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 2) };
        await server.CreateModelAsync(ledger, Limit);
        await using var worker = await server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.RunToAsync(worker, 4, Limit);
        await UntilAsync(server, ledger, s => s.LastSnapshot is not null);

        cluster.Storage.OnWrite = state => { if (state == "chunk") throw new IOException("no space is left"); };
        await Ledgers.RunToAsync(worker, 12, Limit);
        await UntilAsync(server, ledger, s => s.SnapshotError is not null);
        var status = await server.GetStatusAsync(ledger.Name, Limit);
        Assert.Contains("no space is left", status.SnapshotError, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<SnapshotAbortedException>(() => server.TakeSnapshotAsync(ledger.Name, Limit));
        Assert.Contains("no space is left", refused.Message, StringComparison.Ordinal);

        cluster.Storage.OnWrite = null;
        await Ledgers.RunToAsync(worker, 20, Limit);
        var taken = await server.TakeSnapshotAsync(ledger.Name, Limit);
        Assert.True(taken.Cut > status.LastSnapshot!.Cut);
        await UntilAsync(server, ledger, s => s.SnapshotError is null);
    }

    [Fact]
    public async Task Only_so_many_snapshots_stay_as_the_policy_keeps_and_nothing_else_does()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var server = cluster.Connect();
        var ledger = Ledgers.Spec("kept", "BSP", workers: 1) with { Durability = DurabilityPolicy.Snapshot(keep: 2) };
        await server.CreateModelAsync(ledger, Limit);
        for (var i = 0; i < 6; i++)
        {
            // Every other one breaks off half-way.
            var chunks = 0;
            cluster.Storage.OnWrite = i % 2 == 0 ? null
                : state => { if (state == "chunk" && Interlocked.Increment(ref chunks) == 2) throw new IOException("broken off"); };
            try
            {
                await server.TakeSnapshotAsync(ledger.Name, Limit);
            }
            catch (SnapshotAbortedException) when (i % 2 != 0)
            {
            }
        }
        cluster.Storage.OnWrite = null;
        await server.TakeSnapshotAsync(ledger.Name, Limit);

        // Clean-up comes after the answer.
        while (cluster.Storage.CountOf("/g") > 2 * 2) await Task.Delay(5, Limit);
        Assert.Equal(2, (await server.ListSnapshotsAsync(ledger.Name, Limit)).Count);
        Assert.Equal(2, cluster.Storage.CountOf("manifest:"));
        Assert.Equal(4, cluster.Storage.CountOf("chunk:"));
    }

    private async Task UntilAsync(Protocol.ClusterParameterServer server, ModelSpec spec, Func<ModelStatus, bool> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds(await server.GetStatusAsync(spec.Name, Limit))) await looks.WaitForNextTickAsync(Limit);
    }
}
