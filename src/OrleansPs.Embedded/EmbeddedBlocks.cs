using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Embedded;

/// <summary>The blocks of one generation in this process.</summary>
internal sealed class EmbeddedBlocks(ModelSpec spec, BlockHost[] blocks, ISnapshotStore? store, long generation) : IBlockSet
{
    public int Count => blocks.Length;

    public int WritesAtOnce => 1;

    public BlockHost this[int block] => blocks[block];

    public ValueTask<long> CertifyAsync(MessageHeader header, IReadOnlyList<Certificate> certificates) =>
        new(blocks.Min(b => b.Certify(header, certificates).Version));

    public ValueTask<string?> FreezeAsync(MessageHeader header, FreezeBlocks cut)
    {
        foreach (var block in blocks)
        {
            var reply = block.Freeze(header, cut.Cut, cut.Certificates);
            if (reply.Status != BlockStatus.Ok) return new($"a block answered {reply.Status} when it was to be frozen");
        }
        return new((string?)null);
    }

    public ValueTask<string?> ChangePolicyAsync(MessageHeader header, ChangeBlocks change)
    {
        foreach (var block in blocks)
        {
            var reply = block.ChangePolicy(header, change.Policy, change.Certificates);
            if (reply.Status != BlockStatus.Ok) return new($"a block answered {reply.Status} to a change of policy");
        }
        return new((string?)null);
    }

    // Without a storage no cut is ever opened, so there is one where it is needed.
    public async ValueTask<CutPart> WriteCutAsync(
        int block, MessageHeader header, long cut, ChunkRecord? since, CancellationToken cancellationToken)
    {
        var (reply, image) = blocks[block].TakeCut(header, cut);
        if (image is null) return new(reply.Status, null, []);
        try
        {
            var identity = new ChunkIdentity(spec.Name, generation, cut, block, 0);
            return new(reply.Status, await store!.WriteBlockAsync(identity, image, since, cancellationToken).ConfigureAwait(false), image.Dedupe);
        }
        finally
        {
            image.ReturnArrays();
        }
    }

    public ValueTask DropCutAsync(MessageHeader header, long cut)
    {
        foreach (var block in blocks) block.DropCut(header, cut);
        return default;
    }

    public ValueTask CloseAsync()
    {
        foreach (var block in blocks) block.Close();
        return default;
    }
}

/// <summary>Makes blocks in this process.</summary>
internal sealed class EmbeddedBlockFactory(ModelSpec spec, BlockLayout layout, ISnapshotStore? store) : IBlockFactory
{
    public async Task<IPreparedBlocks> PrepareAsync(SnapshotManifest? from, CancellationToken cancellationToken)
    {
        if (from is null) return new Prepared(this, null);
        var images = await store!.ReadBlocksAsync(from, cancellationToken).ConfigureAwait(false);
        return ImageFit.FirstMisfit(spec, layout, images) is { } misfit
            ? throw new SnapshotCorruptException($"of cut {from.Cut} of model '{spec.Name}'", misfit)
            : new Prepared(this, images);
    }

    /// <summary>Makes blocks of images, by index.</summary>
    public IPreparedBlocks Prepare(IReadOnlyList<BlockImage> images) => new Prepared(this, images);

    private EmbeddedBlocks Begin(IReadOnlyList<BlockImage>? images, long generation, long newestCut)
    {
        var blocks = new BlockHost[layout.Blocks.Count];
        Parallel.For(0, blocks.Length, b =>
            blocks[b] = new(new BlockReplica(spec, layout.Blocks[b], generation, image: images?[b], cut: newestCut)));
        return new(spec, blocks, store, generation);
    }

    private sealed class Prepared(EmbeddedBlockFactory factory, IReadOnlyList<BlockImage>? images) : IPreparedBlocks
    {
        public Task<IBlockSet> BeginAsync(long generation, long newestCut, CancellationToken cancellationToken) =>
            Task.FromResult<IBlockSet>(factory.Begin(images, generation, newestCut));

        public ValueTask DisposeAsync() => default;
    }
}
