using System.Collections.Concurrent;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting.Tests;

/// <summary>Makes real blocks in this process, which can be told to fail. Knows all that it ever made.</summary>
internal sealed class TestBlockFactory(ModelSpec spec, ISnapshotStore? store) : IBlockFactory
{
    private readonly BlockLayout _layout = BlockLayout.Create(spec);

    public ConcurrentQueue<TestBlocks> Begun { get; } = [];

    /// <summary>How many were made ready; those that never began and were freed don't count.</summary>
    public int Ready { get; private set; }

    public bool FailsToPrepare { get; set; }

    public async Task<IPreparedBlocks> PrepareAsync(SnapshotManifest? from, CancellationToken cancellationToken)
    {
        if (FailsToPrepare) throw new ServerUnavailableException("no silo");
        var images = from is null ? null : await store!.ReadBlocksAsync(from, cancellationToken);
        Ready++;
        return new Prepared(this, images);
    }

    private TestBlocks Begin(IReadOnlyList<BlockImage>? images, long generation, long newestCut)
    {
        var blocks = new TestBlocks(spec, store, generation,
            [.. _layout.Blocks.Select((shape, b) => new BlockReplica(spec, shape, generation, image: images?[b], cut: newestCut))]);
        Begun.Enqueue(blocks);
        return blocks;
    }

    private sealed class Prepared(TestBlockFactory factory, IReadOnlyList<BlockImage>? images) : IPreparedBlocks
    {
        private bool _began;

        public Task<IBlockSet> BeginAsync(long generation, long newestCut, CancellationToken cancellationToken)
        {
            _began = true;
            return Task.FromResult<IBlockSet>(factory.Begin(images, generation, newestCut));
        }

        public ValueTask DisposeAsync()
        {
            if (!_began) factory.Ready--;
            return default;
        }
    }
}

/// <summary>The blocks of one generation. What fails does so before any block has heard of it.</summary>
internal sealed class TestBlocks(ModelSpec spec, ISnapshotStore? store, long generation, BlockReplica[] blocks) : IBlockSet
{
    private readonly Lock _turn = new();

    public int Count => blocks.Length;

    public int WritesAtOnce => 2;

    /// <summary>How often they were asked to certify, freeze, write or drop, and whether that fails.</summary>
    public ConcurrentDictionary<string, int> Asked { get; } = [];

    public Func<string, Task> OnAsked { get; set; } = _ => Task.CompletedTask;

    public bool IsClosed { get; private set; }

    public T Do<T>(Func<BlockReplica, int, T> ask, Func<T[], T> combine)
    {
        lock (_turn) return combine([.. blocks.Select(ask)]);
    }

    public async ValueTask<long> CertifyAsync(MessageHeader header, IReadOnlyList<Certificate> certificates)
    {
        await AskAsync("certify");
        return Do((b, _) => b.Certify(header, certificates).Version, versions => versions.Min());
    }

    public async ValueTask<string?> FreezeAsync(MessageHeader header, FreezeBlocks cut)
    {
        await AskAsync("freeze");
        return Do((b, _) => b.Freeze(header, cut.Cut, cut.Certificates).Status, all => all.Max()) is var status and not BlockStatus.Ok
            ? $"a block answered {status}" : null;
    }

    public async ValueTask<string?> ChangePolicyAsync(MessageHeader header, ChangeBlocks change)
    {
        await AskAsync("policy");
        return Do((b, _) => b.ChangePolicy(header, change.Policy, change.Certificates).Status, all => all.Max()) is var status and not BlockStatus.Ok
            ? $"a block answered {status}" : null;
    }

    public async ValueTask<CutPart> WriteCutAsync(
        int block, MessageHeader header, long cut, ChunkRecord? since, CancellationToken cancellationToken)
    {
        await AskAsync("write").WaitAsync(cancellationToken);
        BlockReply reply;
        BlockImage? image;
        lock (_turn) (reply, image) = blocks[block].TakeCut(header, cut);
        if (image is null) return new(reply.Status, null, []);
        var chunk = await store!.WriteBlockAsync(new(spec.Name, generation, cut, block, 0), image, cancellationToken);
        return new(reply.Status, chunk, image.Dedupe);
    }

    public async ValueTask DropCutAsync(MessageHeader header, long cut)
    {
        await AskAsync("drop");
        Do((b, _) => b.DropCut(header, cut).Status, all => all.Max());
    }

    public ValueTask CloseAsync()
    {
        IsClosed = true;
        return default;
    }

    private Task AskAsync(string what)
    {
        Asked.AddOrUpdate(what, 1, (_, n) => n + 1);
        return OnAsked(what);
    }
}
