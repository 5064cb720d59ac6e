using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>Everything at once: workers, snapshots, evictions, restores and readers, and in the end the sums are exact.</summary>
public sealed class StressTests() : HostTests(new EmbeddedHost())
{
    private const int Workers = 8;
    private const long Total = 1000;

    [Theory]
    [InlineData("BSP", 1)]
    [InlineData("SSP", 2)]
    [InlineData("ASP", 3)]
    public async Task No_push_is_lost_or_counted_twice(string mode, int seed)
    {
        var ledger = Ledgers.Spec(NewName(), mode, Workers) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 20) };
        var workers = await BeginAsync(ledger);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Limit);

        var disturbing = new[] { EvictAsync(ledger, seed, stop.Token), SnapshotAsync(ledger, stop.Token), ReadAsync(ledger, stop.Token) };
        await Crowd.RunAsync(workers, async (worker, end) =>
        {
            await Ledgers.RunToAsync(worker, Total, end);
            await Ledgers.EndDataAsync(worker, end);
        }, Limit);
        await stop.CancelAsync();
        await Task.WhenAll(disturbing);

        var sums = await base.ReadAsync(ledger);
        Tensors.AllAre(Workers * Total, sums.AsMemory(0, 1024));
        Tensors.AllAre(-Workers * Total, sums.AsMemory(1024));
        Assert.True((await StatusAsync(ledger.Name)).Workers.Sum(w => w.Incarnation) > Workers, "Nobody was evicted in time.");
        Assert.NotNull((await StatusAsync(ledger.Name)).LastSnapshot);
    }

    private async Task EvictAsync(ModelSpec ledger, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(7));
        while (!stop.IsCancellationRequested)
        {
            await Server.EvictAsync(ledger.Name, random.Next(Workers), Limit);
            await pace.WaitForNextTickAsync(Limit);
        }
    }

    private async Task SnapshotAsync(ModelSpec ledger, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await Server.TakeSnapshotAsync(ledger.Name, Limit);
    }

    private async Task ReadAsync(ModelSpec ledger, CancellationToken stop)
    {
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        var values = TensorSet.For(ledger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await reader.ReadLatestAsync(values, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (ledger.Consistency.Mode == ConsistencyMode.BulkSynchronous)
                Tensors.AllAre(0, Tensors.Flat(values)[..1024].Zip(Tensors.Flat(values)[1024..], (p, m) => p + m).ToArray());
            await Task.Yield();
        }
    }
}
