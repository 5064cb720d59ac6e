using OrleansPs.Core.Messages;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>Pushes and pulls of rows in one message.</summary>
public sealed class RowRequestTests
{
    private static readonly ModelSpec s_spec = new("rows")
    {
        Parameters = [],
        Tables = [new("t", 2) { Shards = 1 }],
        Optimizer = Optimizer.Sum(),
        Consistency = ConsistencyPolicy.Asynchronous,
    };

    [Fact]
    public async Task A_payload_that_is_no_push_and_keys_throws_and_changes_nothing()
    {
        await using var cluster = await TestCluster.StartAsync(1);
        await using var server = cluster.Connect();
        await server.CreateModelAsync(s_spec);
        await using var worker = await server.JoinAsync(s_spec.Name, 0);
        var map = (await cluster.Grains.GetGrain<ICoordinatorGrain>(s_spec.Name).Map()).Get();
        var block = cluster.Grains.GetGrain<IBlockGrain>(map.Places[0].Key);
        var header = new MessageHeader { Generation = map.Generation, Epoch = map.Places[0].Epoch, Incarnation = 1 };
        var push = new SegmentSlice(0, new float[4]) { Keys = new long[] { 1, 2 } };

        SegmentSlice[][] wrong =
        [
            [push, Keys(1), Keys(2)],
            [push, Keys(2, 1)],
            [push with { Keys = new long[] { 2, 1 } }, Keys(1)],
            [push with { Segment = 1 }, Keys(1)],
            [push, Keys(1) with { Segment = 1 }],
            [push with { Keys = new long[] { 1, 2, 3 } }],
        ];
        foreach (var pieces in wrong)
            await Assert.ThrowsAsync<ArgumentException>(async () => await block.PushPull(header, null, TensorPayload.CopyOf(pieces), []));

        Assert.Equal(0, (await server.ListBlocksAsync(s_spec.Name))[0].Entries);
    }

    private static SegmentSlice Keys(params long[] keys) => new(0, Memory<float>.Empty) { Keys = keys };
}
