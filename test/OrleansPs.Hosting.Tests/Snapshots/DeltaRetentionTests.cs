using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>Deltas in a storage: what they rest on stays, and where it is missing they are damaged.</summary>
public sealed class DeltaRetentionTests : IDisposable
{
    private const string Model = "m";

    private static readonly ModelSpec s_spec = new(Model) { Parameters = [], Tables = [new("t", 1) { Shards = 1 }], Optimizer = Optimizer.Sum() };
    private readonly SnapshotDirectory _directory = new();

    private DirectorySnapshotStore Store => _directory.Store;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_a_kept_delta_rests_on_is_kept()
    {
        var whole = await WriteAsync(1, null);
        for (var cut = 2; cut <= 5; cut++) await WriteAsync(cut, whole);
        await Store.RetainAsync(Model, 2, default);
        Assert.Equal([1, 4, 5], (await Store.ListAsync(Model, default)).Select(l => l.Cut));

        await WriteAsync(6, null);
        await WriteAsync(7, null);
        await Store.RetainAsync(Model, 2, default);
        Assert.Equal([6, 7], (await Store.ListAsync(Model, default)).Select(l => l.Cut));
    }

    [Fact]
    public async Task A_delta_is_read_whole()
    {
        var whole = await WriteAsync(1, null);
        var delta = await WriteAsync(2, whole);
        Assert.Equal(whole, delta.Base);

        var rows = (await Store.LoadAsync(Model, 2, default)).Blocks[0].Rows!;
        Assert.Equal([0, 1, 2, 3], rows.Keys[..rows.Count]);
        Assert.Equal([2, 1, 1, 1], Enumerable.Range(0, 4).Select(i => rows.ValuesOf(i)[0]));
    }

    [Fact]
    public async Task A_delta_whose_base_is_missing_is_damaged()
    {
        var whole = await WriteAsync(1, null);
        await WriteAsync(2, whole);
        File.Delete(_directory.Chunk(1, 0));

        Assert.All(await Store.ListAsync(Model, default), listing => Assert.False(listing.IsWhole));
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await Store.LoadAsync(Model, 2, default));
        Assert.Contains("g0-c1-b0-e0", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A cut of one shard of four rows of 1, the first of which is the cut's number.</summary>
    private async Task<ChunkRecord> WriteAsync(long cut, ChunkRecord? since)
    {
        var image = new BlockImage
        {
            Block = 0, Length = 0, Version = cut, EntryIndex = cut, Values = [], Segments = [], Dedupe = [],
            Rows = new()
            {
                Count = 4, Width = 1, StateFloats = 0, CountsUpdates = false, Ages = false, Clock = cut, Keys = [0, 1, 2, 3],
                Records = [cut, BitConverter.Int32BitsToSingle((int)cut - 1), 1, 0, 1, 0, 1, 0],
            },
        };
        var chunk = await Store.WriteBlockAsync(new(Model, 0, cut, 0, 0), image, since, default);
        await Store.WriteManifestAsync(new()
        {
            Model = Model, Cut = cut, Generation = 0, Round = cut, TakenAt = DateTimeOffset.UnixEpoch, Spec = s_spec,
            Ranks = [], Chunks = [chunk], Open = [],
        }, default);
        return chunk;
    }
}
