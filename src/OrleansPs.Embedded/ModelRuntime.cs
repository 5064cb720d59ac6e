using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Embedded;

/// <summary>
/// One generation of a model in this process: its blocks and its coordinator. A restore ends it and begins another one.
/// </summary>
internal sealed class ModelRuntime
{
    private readonly BlockHost[] _blocks;

    private ModelRuntime(ModelSpec spec, BlockHost[] blocks, ControlState state, long term, TimeProvider time)
    {
        _blocks = blocks;
        Generation = state.Generation;
        Coordinator = new(spec, state, blocks.Length, term, time);
    }

    public long Generation { get; }

    public CoordinatorHost Coordinator { get; }

    public IReadOnlyList<BlockHost> Blocks => _blocks;

    /// <summary>Begins a generation with first values, or with those of images by block, which stay the caller's.</summary>
    public static ModelRuntime Start(
        ModelSpec spec, BlockLayout layout, ControlState state, long term, IReadOnlyList<BlockImage>? images, TimeProvider time)
    {
        var blocks = new BlockHost[layout.Blocks.Count];
        Parallel.For(0, blocks.Length, b =>
            blocks[b] = new(new BlockReplica(spec, layout.Blocks[b], state.Generation, image: images?[b], cut: state.NewestCut)));
        return new(spec, blocks, state, term, time);
    }

    /// <summary>The header of the coordinator's own messages to blocks.</summary>
    public MessageHeader Header(long round = 0) =>
        new() { Generation = Generation, Term = Coordinator.Term, Rank = -1, Certificate = round };

    /// <summary>Gives every block certificates. The answer is the least that all have applied.</summary>
    public long Certify(IReadOnlyList<Certificate> certificates)
    {
        var header = Header();
        return _blocks.Min(b => b.Certify(header, certificates).Version);
    }

    /// <summary>Freezes every block for a cut. The answer is null, or why it can't be.</summary>
    public string? Freeze(FreezeBlocks cut)
    {
        var header = Header(cut.Round);
        foreach (var block in _blocks)
        {
            var reply = block.Freeze(header, cut.Cut, cut.Certificates);
            if (reply.Status != BlockStatus.Ok) return $"a block answered {reply.Status} when it was to be frozen";
        }
        return null;
    }

    public void DropCut(long cut)
    {
        var header = Header();
        foreach (var block in _blocks) block.DropCut(header, cut);
    }

    public void Close()
    {
        foreach (var block in _blocks) block.Close();
    }
}
