using System.Collections.Concurrent;
using Orleans.Hosting;
using OrleansPs.Core.Messages;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>What real sessions ask of their model's coordinator: it must not be in the way of pushes and pulls, whatever the number of blocks and keys.</summary>
public sealed class CoordinatorCallsTests
{
    private const int Workers = 4;
    private const int Steps = 25;
    private const int Blocks = 32;
    private const int Rows = 64;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(null)]
    public async Task A_worker_asks_its_coordinator_once_a_clock(int? staleness)
    {
        var calls = new ConcurrentDictionary<string, int>();
        await using var cluster = await TestCluster.StartAsync(1, configure: silo => silo.AddIncomingGrainCallFilter(async call =>
        {
            await call.Invoke();
            if (call.Grain is not CoordinatorGrain || call.InterfaceName != typeof(ICoordinatorGrain).FullName) return;
            // Who waits at the gate for longer than a call may take asks again: that is no step's call.
            var waits = call.Result is Outcome<ClockReply> outcome && outcome.Get().Status == CoordinatorStatus.Waiting;
            calls.AddOrUpdate(waits ? "waits" : call.MethodName, 1, (_, n) => n + 1);
        }));
        await using var server = cluster.Connect();
        await server.CreateModelAsync(new("counted")
        {
            Parameters = [new("w", [Blocks * 1024])], BlockBytes = 4096, Tables = [new EmbeddingTable("rows", 4) { Shards = 4 }],
            Optimizer = Optimizer.Sum(), Workers = Workers, Durability = DurabilityPolicy.Snapshot(),
            Consistency = staleness is { } bound ? ConsistencyPolicy.StaleSynchronous(bound) : ConsistencyPolicy.Asynchronous,
        });
        var workers = await Task.WhenAll(Enumerable.Range(0, Workers).Select(rank => server.JoinAsync("counted", rank)));
        calls.Clear();

        await Task.WhenAll(workers.Select(TrainAsync));
        var (clocks, others) = (calls["Clock"], calls.Where(c => c.Key is not ("Clock" or "waits" or "Presence")).Sum(c => c.Value));
        foreach (var worker in workers) await worker.DisposeAsync();

        Assert.Equal(Workers * Steps, clocks);
        // Where the blocks are is asked once, and again when the machine stood still for a while. Heartbeats come by time.
        Assert.InRange(others, 0, Workers * 5);
    }

    private static async Task TrainAsync(IParameterWorker worker)
    {
        var (gradients, values) = (TensorSet.For(worker.Spec), TensorSet.For(worker.Spec));
        var keys = Enumerable.Range(0, Rows).Select(key => (long)key).ToArray();
        var (pushed, pulled) = (new RowSet(), new RowSet());
        pushed.Add("rows", keys, new float[Rows * 4]);
        pulled.Add("rows", keys, new float[Rows * 4]);
        for (var step = 1; step <= Steps; step++)
        {
            await worker.PullAsync(values);
            await worker.PullRowsAsync(pulled);
            await worker.PushAsync(gradients);
            await worker.PushRowsAsync(pushed);
            await worker.ClockAsync(step);
        }
    }
}
