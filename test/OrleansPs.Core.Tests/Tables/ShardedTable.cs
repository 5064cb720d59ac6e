using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>A table under BSP with all its shards, of three ranks; to each push every shard is sent what is its own, if only nothing.</summary>
internal sealed class ShardedTable
{
    private readonly BlockReplica[] _shards;
    private readonly int _width;

    public ShardedTable(ModelSpec spec, int shards)
    {
        spec = spec with { Tables = [spec.Tables[0] with { Shards = shards }] };
        _shards = [.. BlockLayout.Create(spec).Blocks.Select(b => new BlockReplica(spec, b, 0))];
        _width = spec.Tables[0].Width;
    }

    public void Push(int rank, long round, int sequence, (long[] Keys, float[][] Rows) push)
    {
        var header = new MessageHeader { Rank = rank, Clock = round, Step = round, Sequence = sequence, Certificate = round };
        for (var shard = 0; shard < _shards.Length; shard++)
        {
            int[] own = [.. Enumerable.Range(0, push.Keys.Length).Where(i => IsOf(shard, push.Keys[i]))];
            var slices = RandomRows.Slices(([.. own.Select(i => push.Keys[i])], [.. own.Select(i => push.Rows[i])]));
            Assert.Equal(BlockStatus.Ok, _shards[shard].Push(header, null, slices).Status);
        }
    }

    public void Close(long round)
    {
        Certificate certificate = new(round, [new(0, 0), new(1, 0), new(2, 0)]);
        foreach (var shard in _shards) Assert.Equal(BlockStatus.Ok, shard.Certify(new() { Rank = -1 }, [certificate]).Status);
    }

    public IEnumerable<int[]> Read(long[] keys) => keys.Select(key =>
    {
        var values = new float[_width];
        var shard = KeyHash.Shard(KeyHash.Of(key), _shards.Length);
        Assert.Equal(BlockStatus.Ok, _shards[shard].Pull(new() { Rank = -1, Clock = -1 }, null, [new(0, values) { Keys = new[] { key } }]).Status);
        return values.Select(BitConverter.SingleToInt32Bits).ToArray();
    });

    private bool IsOf(int shard, long key) => KeyHash.Shard(KeyHash.Of(key), _shards.Length) == shard;
}
