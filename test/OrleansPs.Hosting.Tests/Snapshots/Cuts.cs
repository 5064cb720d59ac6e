using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>Snapshots whose content follows from the cut's number, so that a loaded one can be told from all others.</summary>
internal static class Cuts
{
    public const string Model = "m";
    public const int Blocks = 3;

    private static readonly ModelSpec Spec = new(Model)
    { Parameters = [new("w", [4096])], Optimizer = Optimizer.Sgd(momentum: 0.9), BlockBytes = 8192 };

    public static BlockImage Image(long cut, int block) => new()
    {
        Block = block,
        Length = 8,
        Version = cut,
        EntryIndex = 10 * cut,
        Values = [.. Enumerable.Range(0, 8).Select(i => 100f * cut + 10 * block + i)],
        Slot0 = [.. Enumerable.Range(0, 8).Select(i => -i / 8f)],
        Segments = [new(0, 8 * block, 0, 8, cut)],
        Dedupe = [new(0, 1, cut, [3])],
    };

    public static ChunkIdentity Identity(long cut, int block) => new(Model, 0, cut, block, 0);

    public static SnapshotManifest Manifest(long cut, IReadOnlyList<ChunkRecord> chunks) => new()
    {
        Model = Model,
        Cut = cut,
        Generation = 0,
        Round = cut,
        TakenAt = DateTimeOffset.UnixEpoch.AddSeconds(cut),
        Spec = Spec,
        Ranks = [new(0, 1, WorkerStatus.Live, cut, cut, 64 * cut)],
        Chunks = chunks,
        Open = [],
    };

    public static async Task<IReadOnlyList<ChunkRecord>> WriteChunksAsync(ISnapshotStore store, long cut)
    {
        var chunks = new ChunkRecord[Blocks];
        for (var b = 0; b < Blocks; b++) chunks[b] = await store.WriteBlockAsync(Identity(cut, b), Image(cut, b), default);
        return chunks;
    }

    public static async Task WriteAsync(ISnapshotStore store, params long[] cuts)
    {
        foreach (var cut in cuts) await store.WriteManifestAsync(Manifest(cut, await WriteChunksAsync(store, cut)), default);
    }

    public static async Task<LoadedSnapshot> LoadAsync(ISnapshotStore store, long? cut = null) =>
        await store.LoadAsync(Model, cut, default);

    /// <summary>Asserts that what was loaded is a cut, all of it and nothing else.</summary>
    public static void AssertIs(long cut, LoadedSnapshot loaded)
    {
        Assert.Equal((cut, cut, 64 * cut), (loaded.Manifest.Cut, loaded.Manifest.Round, loaded.Manifest.Ranks[0].Cursor));
        Assert.Equal(Blocks, loaded.Blocks.Count);
        for (var b = 0; b < Blocks; b++)
        {
            var (expected, block) = (Image(cut, b), loaded.Blocks[b]);
            Assert.Equal((b, cut, 10 * cut), (block.Block, block.Version, block.EntryIndex));
            Assert.Equal(expected.Values, block.Values);
            Assert.Equal(expected.Slot0, block.Slot0);
            Assert.Equal(expected.Segments, block.Segments);
            Assert.Equal(cut, block.Dedupe.Single().Step);
        }
    }

    /// <summary>Asserts which cuts are listed as whole.</summary>
    public static async Task AssertWholeAsync(ISnapshotStore store, params int[] cuts) => Assert.Equal(cuts, await ListAsync(store, whole: true));

    /// <summary>Asserts which cuts are listed as damaged.</summary>
    public static async Task AssertDamagedAsync(ISnapshotStore store, params int[] cuts) => Assert.Equal(cuts, await ListAsync(store, whole: false));

    private static async Task<int[]> ListAsync(ISnapshotStore store, bool whole) =>
        [.. (await store.ListAsync(Model, default)).Where(l => l.IsWhole == whole).Select(l => (int)l.Cut)];

    /// <summary>Takes the next cut's number, as often as it takes.</summary>
    public static async Task<long> TakeNumberAsync(ISnapshotStore store, string model = Model)
    {
        while (true)
        {
            var was = await store.ReadPointerAsync(model, default);
            if (await store.TryWritePointerAsync(model, was, was with { NextCut = was.NextCut + 1 }, default)) return was.NextCut;
        }
    }
}
