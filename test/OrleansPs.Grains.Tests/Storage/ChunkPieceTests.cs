using OrleansPs.Core.Snapshots;

namespace OrleansPs.Grains.Tests;

/// <summary>Chunks that are larger than a state of a grain storage should be.</summary>
public sealed class ChunkPieceTests
{
    private const int Piece = GrainStorageSnapshotStore.PieceBytes;
    private readonly StoreRig _rig = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(Piece - 1, 1)]
    [InlineData(Piece, 1)]
    [InlineData(Piece + 1, 2)]
    [InlineData(2 * Piece, 2)]
    [InlineData((2 * Piece) + 5, 3)]
    public async Task A_chunk_is_kept_in_pieces_and_read_whole(int bytes, int pieces)
    {
        var chunk = await StoreRig.WriteChunkAsync(_rig.Open(), bytes);

        var read = await _rig.Open().ReadChunkAsync(StoreRig.Model, chunk, default);

        var expected = new byte[bytes];
        new Random(bytes).NextBytes(expected);
        Assert.True(read.AsSpan().SequenceEqual(expected));
        Assert.Equal(pieces, _rig.Shared.CountOf("chunk:"));
        for (var piece = 0; piece < pieces; piece++)
            Assert.InRange((await _rig.Bytes().ReadAsync("chunk", StoreRig.KeyOfPiece(chunk.Name, piece))).Content!.Length, 0, Piece);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_piece_that_is_missing_is_named(int piece)
    {
        var chunk = await StoreRig.WriteChunkAsync(_rig.Open(), (2 * Piece) + 5);
        var key = StoreRig.KeyOfPiece(chunk.Name, piece);
        await _rig.Bytes().DeleteAsync("chunk", key);

        var e = await RefusedAsync(chunk);

        Assert.Equal((key, "it is missing."), (e.Name, e.Problem));
    }

    [Theory]
    [InlineData(0, Piece - 1)]
    [InlineData(1, Piece)]
    [InlineData(2, 4)]
    [InlineData(2, 6)]
    public async Task A_piece_of_another_length_is_refused_or_fits_nothing(int piece, int length)
    {
        var chunk = await StoreRig.WriteChunkAsync(_rig.Open(), (2 * Piece) + 5);
        await _rig.Bytes().WriteAsync("chunk", StoreRig.KeyOfPiece(chunk.Name, piece), new byte[length]);

        var e = await RefusedAsync(chunk);

        Assert.Equal(length == Piece ? "its checksum is not the one in the manifest." : $"it has {length} bytes, which is not what the manifest says.", e.Problem);
    }

    [Theory]
    [InlineData(".0")]
    [InlineData(".2")]
    public async Task A_flipped_bit_in_any_piece_is_found(string piece)
    {
        var chunk = await StoreRig.WriteChunkAsync(_rig.Open(), (2 * Piece) + 5);
        Assert.Equal(1, _rig.Shared.Damage(chunk.Name + piece));

        Assert.Equal(chunk.Name, (await RefusedAsync(chunk)).Name);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(Piece)]
    [InlineData(2 * Piece)]
    [InlineData((2 * Piece) + 5)]
    public async Task All_pieces_of_a_deleted_chunk_go(int bytes)
    {
        var store = _rig.Open();
        await SnapshotOfAsync(bytes);

        await store.DeleteAsync(StoreRig.Model, 1, default);
        await store.DeleteOrphansAsync(StoreRig.Model, null, default);

        Assert.Equal(0, _rig.Parts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_deletion_that_was_interrupted_between_pieces_is_finished_by_the_next(int refusedAt)
    {
        await SnapshotOfAsync((2 * Piece) + 5);
        var cleared = 0;
        var storage = new MeddledStorage(_rig.Shared)
        {
            BeforeWrite = state =>
            {
                if (state == "chunk" && ++cleared == refusedAt) throw new InvalidOperationException("gone");
            },
        };
        var dying = _rig.Open(storage);
        await dying.DeleteAsync(StoreRig.Model, 1, default);
        await Assert.ThrowsAsync<SnapshotStorageException>(async () => await dying.DeleteOrphansAsync(StoreRig.Model, null, default));
        Assert.NotEqual(0, _rig.Parts);

        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);

        Assert.Equal(0, _rig.Parts);
    }

    private async Task SnapshotOfAsync(int bytes)
    {
        var store = _rig.Open();
        var cut = await StoreRig.TakeNumberAsync(store);
        var chunks = new[] { await StoreRig.WriteChunkAsync(store, bytes, cut), await StoreRig.WriteChunkAsync(store, 3, cut, 1) };
        await store.WriteManifestAsync(StoreRig.Manifest(cut, chunks), default);
    }

    private async Task<SnapshotCorruptException> RefusedAsync(ChunkRecord chunk) =>
        await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await _rig.Open().ReadChunkAsync(StoreRig.Model, chunk, default));
}
