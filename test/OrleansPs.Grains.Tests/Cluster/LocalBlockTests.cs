using Microsoft.Extensions.DependencyInjection;
using OrleansPs.Conformance;
using OrleansPs.Core.Messages;
using OrleansPs.Protocol;
using Xunit.Abstractions;

namespace OrleansPs.Grains.Tests;

/// <summary>Blocks as workers in their silo's process reach them.</summary>
public sealed class LocalBlockTests(ITestOutputHelper output)
{
    private const int Floats = 1024;
    private const int Calls = 10_000;
    private const int CallsOfAStep = 1_000;
    private const int MaxBytesPerCall = 64;

#if DEBUG
    private const string? Unoptimized = "An unoptimized build allocates the state machine of every asynchronous call.";
#else
    private const string? Unoptimized = null;
#endif

    /// <summary>4 KiB each way. They end before they return: there is neither a message nor a turn.</summary>
    [Fact(Skip = Unoptimized)]
    public async Task Pushes_and_pulls_inside_a_silo_end_at_once_and_allocate_next_to_nothing()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.ConnectInside(0, TimeProvider.System);
        await using var worker = await JoinAsync(server, DurabilityPolicy.Snapshot());
        var (gradients, values) = (TensorSet.For(worker.Spec), TensorSet.For(worker.Spec));

        await AssertNextToNothingAsync("push", worker, () => worker.PushAsync(gradients));
        await AssertNextToNothingAsync("pull", worker, () => worker.PullAsync(values));
        await AssertNextToNothingAsync("push-pull", worker, () => worker.PushPullAsync(gradients, values));
    }

    [Fact]
    public async Task A_block_is_found_where_it_is_and_gone_when_its_model_is()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var server = cluster.ConnectInside(0, TimeProvider.System);
        await using var worker = await JoinAsync(server, DurabilityPolicy.Replicated());
        var place = (await cluster.Grains.GetGrain<ICoordinatorGrain>(worker.Model).Map()).Get().Places[0];
        var registries = cluster.Orleans.Silos.ToDictionary(s => s.SiloAddress.ToParsableString(), s => s.ServiceProvider.GetRequiredService<ILocalBlocks>());

        foreach (var (silo, blocks) in registries) Assert.Equal(BlockKey.SiloOf(place.Key) == silo, blocks.TryFind(place.Key, out _));
        Assert.True(registries[BlockKey.SiloOf(place.Key)].TryFind(place.Key, out var primary));
        var other = registries.Single(r => r.Key != BlockKey.SiloOf(place.Key)).Value;
        await server.DeleteModelAsync(worker.Model);
        while (registries.Values.Any(r => r.TryFind(place.Key, out _))) await Task.Yield();

        Assert.False(primary.TryPull(new() { Rank = -1 }, null, [new(0, new float[Floats])], out _));
        Assert.False(primary.TryPush(new(), null, [new(0, new float[Floats])], out _));
        Assert.False(other.TryFind(place.Key, out _));
    }

    [Fact]
    public async Task What_does_not_fit_a_block_throws_and_changes_nothing()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.ConnectInside(0, TimeProvider.System);
        await using var worker = await JoinAsync(server, DurabilityPolicy.Snapshot());
        var place = (await cluster.Grains.GetGrain<ICoordinatorGrain>(worker.Model).Map()).Get().Places[0];
        Assert.True(cluster.Orleans.Silos[0].ServiceProvider.GetRequiredService<ILocalBlocks>().TryFind(place.Key, out var block));

        Assert.Throws<ArgumentException>(() => block.TryPush(new(), null, [new(0, new float[3])], out _));
        Assert.Throws<ArgumentException>(() => block.TryPull(new() { Rank = 9 }, null, [new(0, new float[Floats])], out _));
        Assert.Throws<ArgumentException>(() => block.TryPushPull(new(), null, [new(0, new float[Floats])], [new(1, new float[Floats])], out _));

        Assert.Equal(0, (await server.ListBlocksAsync(worker.Model))[0].Entries);
    }

    /// <summary>A push inside the primary's silo is acknowledged when the standby has it; what is given up leaves the gradient's memory to its owner.</summary>
    [Fact]
    public async Task A_push_waits_for_the_standby_and_its_memory_does_not()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var server = cluster.ConnectInside(0, TimeProvider.System);
        await using var worker = await JoinAsync(server, DurabilityPolicy.Replicated());
        var place = (await cluster.Grains.GetGrain<ICoordinatorGrain>(worker.Model).Map()).Get();
        var silo = cluster.Orleans.Silos.Single(s => s.SiloAddress.ToParsableString() == BlockKey.SiloOf(place.Places[0].Key));
        Assert.True(silo.ServiceProvider.GetRequiredService<ILocalBlocks>().TryFind(place.Places[0].Key, out var block));
        var gradient = Enumerable.Repeat(1f, Floats).ToArray();

        var waited = 0;
        for (var sequence = 0; sequence < 200; sequence++)
        {
            var header = new MessageHeader { Generation = place.Generation, Epoch = place.Places[0].Epoch, Step = 1, Sequence = sequence };
            Assert.True(block.TryPush(header, null, [new(0, gradient)], out var reply));
            if (!reply.IsCompleted) waited++;
            // The block and its log have it; what is written here from now on is nobody's business.
            gradient.AsSpan().Fill(float.NaN);
            Assert.Equal(BlockStatus.Ok, (await reply).Status);
            gradient.AsSpan().Fill(1);
        }

        Assert.True(waited > 100, $"{waited} waited");
        var values = new float[Floats];
        Assert.True(block.TryPull(new() { Generation = place.Generation, Epoch = place.Places[0].Epoch, Rank = -1, Clock = -1 }, null, [new(0, values)], out _));
        Tensors.AllAre(200, values);
        // The standby has the same.
        await cluster.Orleans.StopSiloAsync(silo);
        await using var survivor = cluster.ConnectInside(0, TimeProvider.System);
        Tensors.AllAre(200, await ReadAsync(survivor, worker.Model));
    }

    [Fact]
    public async Task What_is_read_after_a_restore_is_what_was_restored()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        await using var server = cluster.ConnectInside(0, TimeProvider.System);
        // No session tells of new maps.
        var spec = new ModelSpec("restored")
        { Parameters = [new("w", [64 * Floats])], Optimizer = Optimizer.Sum(), Consistency = ConsistencyPolicy.Asynchronous, BlockBytes = 4096 };
        await server.CreateModelAsync(spec);
        for (var i = 1; i <= 25; i++)
        {
            var weights = TensorSet.For(spec);
            weights["w"].Span.Fill(i);
            await server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, weights));
            Tensors.AllAre(i, await ReadAsync(server, spec.Name));
        }
    }

    private static async Task<float[]> ReadAsync(ClusterParameterServer server, string model)
    {
        await using var reader = await server.OpenReaderAsync(model);
        var values = TensorSet.For(reader.Spec);
        await reader.ReadLatestAsync(values);
        return values["w"].ToArray();
    }

    private static async Task<IParameterWorker> JoinAsync(ClusterParameterServer server, DurabilityPolicy durability)
    {
        await server.CreateModelAsync(new("local")
        {
            Parameters = [new("w", [Floats])], Optimizer = Optimizer.Sum(), Consistency = ConsistencyPolicy.Asynchronous,
            PushesPerStep = CallsOfAStep, Durability = durability,
        });
        return await server.JoinAsync("local", 0);
    }

    // Every thousandth call ends a step, for its window is bounded. In between everything happens on this thread.
    private async Task AssertNextToNothingAsync(string what, IParameterWorker worker, Func<ValueTask> call)
    {
        var bytes = 0L;
        for (var i = 0; i <= Calls / CallsOfAStep; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var n = 0; n < CallsOfAStep; n++)
            {
                var pending = call();
                // The first of all asks where the block is.
                if (i > 0) Assert.True(pending.IsCompletedSuccessfully);
                await pending;
            }
            if (i > 0) bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            await worker.ClockAsync(worker.Position.Step + 1);
        }
        output.WriteLine($"{what}: {bytes / (double)Calls} bytes a call");
        Assert.InRange(bytes / (double)Calls, 0, MaxBytesPerCall);
    }
}
