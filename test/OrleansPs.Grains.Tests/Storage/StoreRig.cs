using System.Security.Cryptography;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Grains.Tests;

/// <summary>Snapshot stores over one grain storage, as silos have them, and cuts whose content follows from their number.</summary>
internal sealed class StoreRig
{
    public const string Model = "m";
    public const int Blocks = 2;

    private static readonly ModelSpec s_spec = new(Model) { Parameters = [new("w", [4096])], Optimizer = Optimizer.Sgd(), BlockBytes = 8192 };

    public SharedStorage Shared { get; } = new();

    public static string KeyOfPiece(string chunk, int piece) => $"{Model}/{chunk}.{piece}";

    public ByteStorage Bytes(IGrainStorage? storage = null, string serviceId = "s1") => new(storage ?? Shared, "snapshots", serviceId);

    public GrainStorageSnapshotStore Open(IGrainStorage? storage = null, string serviceId = "s1") =>
        new(Bytes(storage, serviceId), () => [.. Enumerable.Repeat(0L, Blocks)]);

    /// <summary>States of chunks and of manifests.</summary>
    public int Parts => Shared.CountOf("chunk:") + Shared.CountOf("manifest:");

    public static SnapshotManifest Manifest(long cut, IReadOnlyList<ChunkRecord> chunks, long generation = 0) => new()
    {
        Model = Model,
        Cut = cut,
        Generation = generation,
        Round = cut,
        TakenAt = DateTimeOffset.UnixEpoch.AddSeconds(cut),
        Spec = s_spec,
        Ranks = [new(0, 1, WorkerStatus.Live, cut, cut, 64 * cut)],
        Chunks = chunks,
        Open = [],
    };

    public static async Task<IReadOnlyList<ChunkRecord>> WriteChunksAsync(ISnapshotStore store, long cut, long generation = 0, long epoch = 0)
    {
        var chunks = new ChunkRecord[Blocks];
        for (var b = 0; b < Blocks; b++) chunks[b] = await store.WriteBlockAsync(new(Model, generation, cut, b, epoch), Image(cut, b), default);
        return chunks;
    }

    /// <summary>Keeps bytes as a chunk; what a manifest would say of it.</summary>
    public static async Task<ChunkRecord> WriteChunkAsync(ISnapshotStore store, int bytes, long cut = 1, int block = 0)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        var name = ChunkName.Of(0, cut, block, 0);
        await store.WriteChunkAsync(Model, name, content, default);
        return new(block, name, bytes, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    /// <summary>Takes snapshots as a host does: first a number, then chunks, last the manifest.</summary>
    public static async Task TakeAsync(ISnapshotStore store, int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            var cut = await TakeNumberAsync(store);
            await store.WriteManifestAsync(Manifest(cut, await WriteChunksAsync(store, cut)), default);
        }
    }

    public static async Task<long> TakeNumberAsync(ISnapshotStore store)
    {
        while (true)
        {
            var was = await store.ReadPointerAsync(Model, default);
            if (await store.TryWritePointerAsync(Model, was, was with { NextCut = was.NextCut + 1 }, default)) return was.NextCut;
        }
    }

    /// <summary>Asserts that a cut is there, all of it and nothing else.</summary>
    public static async Task AssertIsAsync(ISnapshotStore store, long cut, long? asked = null)
    {
        var loaded = await store.LoadAsync(Model, asked, default);
        Assert.Equal((cut, 64 * cut), (loaded.Manifest.Cut, loaded.Manifest.Ranks[0].Cursor));
        Assert.Equal(Enumerable.Range(0, Blocks).SelectMany(b => Image(cut, b).Values), loaded.Blocks.SelectMany(b => b.Values));
    }

    /// <summary>Asserts which cuts are listed as whole.</summary>
    public static async Task AssertWholeAsync(ISnapshotStore store, params long[] cuts) => Assert.Equal(cuts, await ListAsync(store));

    public static async Task<long[]> ListAsync(ISnapshotStore store, bool whole = true, string model = Model) =>
        [.. (await store.ListAsync(model, default)).Where(l => l.IsWhole == whole).Select(l => l.Cut)];

    private static BlockImage Image(long cut, int block) => new()
    {
        Block = block,
        Length = 8,
        Version = cut,
        EntryIndex = 10 * cut,
        Values = [.. Enumerable.Range(0, 8).Select(i => (100f * cut) + (10 * block) + i)],
        Segments = [new(0, 8 * block, 0, 8, cut)],
        Dedupe = [new(0, 1, cut, [3])],
    };
}

/// <summary>A grain storage before which something happens: an error, a change, or other bytes.</summary>
internal sealed class MeddledStorage(IGrainStorage inner) : IGrainStorage
{
    public Action<string>? BeforeRead { get; set; }

    public Action<string>? BeforeWrite { get; set; }

    public Action<StoredBytes>? AfterRead { get; set; }

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        BeforeRead?.Invoke(stateName);
        await inner.ReadStateAsync(stateName, grainId, grainState);
        AfterRead?.Invoke((StoredBytes)(object)grainState.State!);
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        BeforeWrite?.Invoke(stateName);
        return inner.WriteStateAsync(stateName, grainId, grainState);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        BeforeWrite?.Invoke(stateName);
        return inner.ClearStateAsync(stateName, grainId, grainState);
    }
}
