using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>
/// A primary of a table's shard, a standby that is fed from the first entry on, and one that was made in the middle: all three are to
/// hold the same, to the bit.
/// </summary>
internal sealed class RowTwins : IBlockEntrySink
{
    private readonly ModelSpec _spec;
    private readonly BlockShape _shape;
    private readonly BlockReplica _standby;
    private BlockReplica? _late;

    public RowTwins(ModelSpec spec, BlockImage? image = null, long cut = 0)
    {
        (_spec, _shape) = (spec, BlockLayout.Create(spec).Blocks[0]);
        _standby = new(spec, _shape, 0, 0, image, cut: cut);
        Primary = new(spec, _shape, 0, 0, image, this, cut);
    }

    public BlockReplica Primary { get; }

    void IBlockEntrySink.OnEntry(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        Assert.True(_standby.Accept(entry, gradient));
        if (_late is not null) Assert.True(_late.Accept(entry, gradient));
    }

    /// <summary>Makes another replica of what the primary is now.</summary>
    public void Fork()
    {
        AssertSame();
        _late?.Release();
        _late = BlockReplica.FromState(_spec, _shape, 0, 0, Primary.ToState(_spec.Name));
        AssertSame();
    }

    public void AssertSame()
    {
        var state = Primary.ToState(_spec.Name);
        Assert.True(state.AsSpan().SequenceEqual(_standby.ToState(_spec.Name)), "the standby differs");
        if (_late is not null) Assert.True(state.AsSpan().SequenceEqual(_late.ToState(_spec.Name)), "the replica that came later differs");
    }

    /// <summary>Takes an image of an open cut through its bytes.</summary>
    public BlockImage? TakeCut(MessageHeader header, long cut)
    {
        var (reply, image) = Primary.TakeCut(header, cut);
        Assert.Equal(image is null ? BlockStatus.CutClosed : BlockStatus.Ok, reply.Status);
        if (image is null) return null;
        Assert.Null(ImageFit.Misfit(_spec, _shape, image));
        var bytes = Replicas.Encode(image);
        image.ReturnArrays();
        return BlockImageCodec.Decode(bytes, "cut", null);
    }

    public float[][] Read(long[] keys)
    {
        var values = new float[keys.Length * _spec.Tables[0].Width];
        Assert.Equal(BlockStatus.Ok, Primary.Pull(new() { Rank = -1, Clock = -1 }, null, [new(0, values) { Keys = keys }]).Status);
        return [.. values.Chunk(_spec.Tables[0].Width)];
    }

    public void Release()
    {
        Primary.Release();
        _standby.Release();
        _late?.Release();
    }
}
