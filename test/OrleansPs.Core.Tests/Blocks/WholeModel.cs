using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>All blocks of a model under BSP, with gradients and values by parameter, as a worker has them.</summary>
internal sealed class WholeModel
{
    private readonly ModelSpec _spec;
    private readonly BlockLayout _layout;
    private readonly BlockReplica[] _blocks;

    public WholeModel(ModelSpec spec)
    {
        spec.Validate();
        _spec = spec;
        _layout = BlockLayout.Create(spec);
        _blocks = [.. _layout.Blocks.Select(b => new BlockReplica(spec, b, 0))];
    }

    public int Blocks => _blocks.Length;

    /// <summary>One push to one block; null where that parameter is not pushed.</summary>
    public void Push(int block, int rank, long round, int sequence, float[]?[] gradients)
    {
        var header = new MessageHeader { Rank = rank, Clock = round, Sequence = sequence };
        SegmentSlice[] slices = [.. _layout.Blocks[block].Segments
            .Select((s, i) => (s, i)).Where(x => gradients[x.s.Parameter] is not null)
            .Select(x => new SegmentSlice(x.i, gradients[x.s.Parameter].AsMemory(x.s.Start, x.s.Length)))];
        Assert.Equal(BlockStatus.Ok, _blocks[block].Push(header, null, slices).Status);
    }

    public void Push(int rank, long round, float[]?[] gradients)
    {
        for (var b = 0; b < _blocks.Length; b++) Push(b, rank, round, 0, gradients);
    }

    public void Close(long round, int members)
    {
        Certificate certificate = new(round, [.. Enumerable.Range(0, members).Select(r => new CertificateMember(r, 0))]);
        foreach (var block in _blocks) Assert.Equal(BlockStatus.Ok, block.Certify(new(), [certificate]).Status);
    }

    public float[][] Values()
    {
        var values = _spec.Parameters.Select(p => new float[p.Length]).ToArray();
        for (var b = 0; b < _blocks.Length; b++)
        {
            SegmentSlice[] slices = [.. _layout.Blocks[b].Segments
                .Select((s, i) => new SegmentSlice(i, values[s.Parameter].AsMemory(s.Start, s.Length)))];
            Assert.Equal(BlockStatus.Ok, _blocks[b].Pull(new() { Clock = -1, Rank = -1 }, null, slices).Status);
        }
        return values;
    }
}
