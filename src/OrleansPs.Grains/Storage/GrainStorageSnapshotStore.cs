using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// Snapshots in an Orleans grain storage: the bytes of the snapshot format under a name of their own for each chunk and manifest,
/// chunks in pieces of at most <see cref="PieceBytes"/>, and an index that makes a cut a snapshot.
/// </summary>
/// <remarks>
/// Thread safe; any number of silos may write chunks. The index changes by compare-and-swap; a coordinator of an older
/// generation can't put a cut into it.
/// </remarks>
internal sealed class GrainStorageSnapshotStore : ISnapshotStore
{
    public const int PieceBytes = 4 << 20;

    private const int Attempts = 16;
    private readonly ByteStorage _storage;
    private readonly Func<IReadOnlyList<long>> _epochs;

    /// <summary>A store.</summary>
    /// <param name="storage">Where bytes are kept.</param>
    /// <param name="epochs">For each block of the model its present epoch: chunks of a cut are named after them.</param>
    public GrainStorageSnapshotStore(ByteStorage storage, Func<IReadOnlyList<long>>? epochs = null)
    {
        _storage = storage;
        _epochs = epochs ?? (static () => []);
    }

    /// <summary>Writes and reads a record that belongs to nobody.</summary>
    public async ValueTask ProbeAsync(CancellationToken cancellationToken)
    {
        var key = $"probe/{Guid.NewGuid():N}";
        await _storage.WriteAsync("probe", key, [1, 2, 3]).WaitAsync(cancellationToken).ConfigureAwait(false);
        var (content, _) = await _storage.ReadAsync("probe", key).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (content is not [1, 2, 3])
            throw new SnapshotStorageException(_storage.Name, "it gives back other bytes than were written.", transient: false);
        await _storage.DeleteAsync("probe", key).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask WriteChunkAsync(
        string model, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        for (var piece = 0; piece < PiecesOf(content.Length); piece++)
        {
            // A storage that answers at once would never let the wait below see it.
            cancellationToken.ThrowIfCancellationRequested();
            var bytes = content.Slice(piece * PieceBytes, Math.Min(PieceBytes, content.Length - (piece * PieceBytes)));
            await _storage.WriteAsync("chunk", KeyOfPiece(model, name, piece), bytes.ToArray()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<byte[]> ReadChunkAsync(string model, ChunkRecord chunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)chunk.Bytes));
        for (int piece = 0, at = 0; piece < PiecesOf(chunk.Bytes); piece++)
        {
            var key = KeyOfPiece(model, chunk.Name, piece);
            var (content, _) = await _storage.ReadAsync("chunk", key).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (content is null) throw new SnapshotCorruptException(key, "it is missing.");
            if (content.Length != Math.Min(PieceBytes, bytes.Length - at))
                throw new SnapshotCorruptException(key, $"it has {content.Length} bytes, which is not what the manifest says.");
            content.CopyTo(bytes, at);
            at += content.Length;
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == chunk.Sha256
            ? bytes
            : throw new SnapshotCorruptException(chunk.Name, "its checksum is not the one in the manifest.");
    }

    /// <inheritdoc/>
    /// <remarks>A manifest is never overwritten; writing the same one again is harmless.</remarks>
    public ValueTask WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken) =>
        WriteManifestAsync(manifest, isImport: false, cancellationToken);

    /// <summary>Makes a snapshot that was taken elsewhere one of this storage; the model's numbers go on above its own.</summary>
    public ValueTask ImportManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken) =>
        WriteManifestAsync(manifest, isImport: true, cancellationToken);

    /// <summary>Gives out a cut number. Nobody begins that cut, so no clean-up looks for its chunks before an import makes it a snapshot.</summary>
    public async Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken)
    {
        var cut = 0L;
        await ChangeIndexAsync(model, index =>
        {
            cut = Math.Max(Math.Max(index.NextCut, atLeast), index.Cuts.Count == 0 ? 1 : index.Cuts[^1] + 1);
            return index with { NextCut = cut + 1 };
        }, cancellationToken).ConfigureAwait(false);
        return cut;
    }

    private async ValueTask WriteManifestAsync(SnapshotManifest manifest, bool isImport, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var (model, cut) = (manifest.Model, manifest.Cut);
        var bytes = ManifestCodec.Encode(manifest);
        var (before, _) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
        // Before it is written, for nobody would look for it any more.
        if (IsDeposed(before)) throw Deposed(manifest);
        var (present, _) = await _storage.ReadAsync("manifest", KeyOfManifest(model, cut)).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (present is not null && !present.AsSpan().SequenceEqual(bytes))
            throw new SnapshotStorageException(KeyOfManifest(model, cut), "Another manifest has this cut's number.", transient: false);
        if (present is null)
            await _storage.WriteAsync("manifest", KeyOfManifest(model, cut), bytes).WaitAsync(cancellationToken).ConfigureAwait(false);
        await ChangeIndexAsync(model, index => index.Cuts.Contains(cut) ? index
            : IsDeposed(index) ? throw Deposed(manifest)
            : index with
            {
                Cuts = [.. index.Cuts.Append(cut).Order()],
                Begun = WithPartsOf(manifest, index.Begun),
                NextCut = Math.Max(index.NextCut, cut + 1),
                Generation = Math.Max(index.Generation, manifest.Generation),
            }, cancellationToken).ConfigureAwait(false);

        bool IsDeposed(SnapshotIndex index) => !isImport && !index.Cuts.Contains(cut) && index.Generation > manifest.Generation;
    }

    public async ValueTask<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken)
    {
        var (index, _) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
        if (!index.Cuts.Contains(cut)) throw new SnapshotNotFoundException(model, cut);
        var key = KeyOfManifest(model, cut);
        var (bytes, _) = await _storage.ReadAsync("manifest", key).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (bytes is null) throw new SnapshotNotFoundException(model, cut);
        var manifest = ManifestCodec.Decode(bytes, key);
        return manifest.Model == model && manifest.Cut == cut
            ? manifest
            : throw new SnapshotCorruptException(key, $"it is the manifest of cut {manifest.Cut} of model '{manifest.Model}'.");
    }

    public async ValueTask<IReadOnlyList<SnapshotListing>> ListAsync(string model, CancellationToken cancellationToken)
    {
        var (index, _) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
        var listings = new List<SnapshotListing>();
        foreach (var cut in index.Cuts)
        {
            try
            {
                listings.Add(new(cut, await ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false), null));
            }
            catch (SnapshotCorruptException e)
            {
                listings.Add(new(cut, null, e.Message));
            }
            catch (SnapshotNotFoundException)
            {
                // Deleted by retention since the index was read.
            }
        }
        return listings;
    }

    /// <inheritdoc/>
    /// <remarks>First the cut leaves the index; what stays behind if the silo dies then is found by the next clean-up.</remarks>
    public async ValueTask DeleteAsync(string model, long cut, CancellationToken cancellationToken)
    {
        SnapshotManifest? manifest = null;
        try
        {
            manifest = await ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SnapshotCorruptException or SnapshotNotFoundException)
        {
            // Its chunks are known by the list of begun cuts.
        }
        await ChangeIndexAsync(model, index => !index.Cuts.Contains(cut) ? index : index with
        {
            Cuts = [.. index.Cuts.Where(c => c != cut)],
            Begun = manifest is null ? index.Begun : WithPartsOf(manifest, index.Begun),
        }, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DeleteOrphansAsync(string model, long? openCut, CancellationToken cancellationToken)
    {
        var (index, _) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
        BegunCut[] gone = [.. index.Begun.Where(b => b.Cut != openCut && !index.Cuts.Contains(b.Cut))];
        if (gone.Length == 0) return;
        foreach (var begun in gone) await DeletePartsAsync(model, begun, cancellationToken).ConfigureAwait(false);
        await ChangeIndexAsync(
            model, latest => latest with { Begun = [.. latest.Begun.Where(b => latest.Cuts.Contains(b.Cut) || !gone.Any(b.HasSamePartsAs))] },
            cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ModelPointer> ReadPointerAsync(string model, CancellationToken cancellationToken) =>
        (await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false)).Index.Pointer;

    public async ValueTask<bool> TryWritePointerAsync(
        string model, ModelPointer expected, ModelPointer next, CancellationToken cancellationToken)
    {
        if (next.IsBelow(expected)) throw new ArgumentException($"{next} is below {expected}; these numbers only rise.", nameof(next));
        var (index, tag) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
        if (index.Pointer != expected) return false;
        var changed = index with { Generation = next.Generation, Term = next.Term, NextCut = next.NextCut };
        if (next.NextCut > expected.NextCut)
            changed = changed with { Begun = [.. index.Begun, new BegunCut(next.NextCut - 1, next.Generation, _epochs())] };
        return (await _storage.TryWriteAsync("index", KeyOfIndex(model), changed.ToBytes(), tag)
            .WaitAsync(cancellationToken).ConfigureAwait(false)).Written;
    }

    private async Task ChangeIndexAsync(string model, Func<SnapshotIndex, SnapshotIndex> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (index, tag) = await ReadIndexAsync(model, cancellationToken).ConfigureAwait(false);
            var changed = change(index);
            if (ReferenceEquals(changed, index)) return;
            var write = _storage.TryWriteAsync("index", KeyOfIndex(model), changed.ToBytes(), tag);
            if ((await write.WaitAsync(cancellationToken).ConfigureAwait(false)).Written) return;
        }
        throw new SnapshotStorageException(_storage.Name, $"the index of model '{model}' changed under {Attempts} tries to write it.", transient: true);
    }

    private async Task<(SnapshotIndex Index, string? Tag)> ReadIndexAsync(string model, CancellationToken cancellationToken)
    {
        var (content, tag) = await _storage.ReadAsync("index", KeyOfIndex(model)).WaitAsync(cancellationToken).ConfigureAwait(false);
        return (SnapshotIndex.Read(content, KeyOfIndex(model)), tag);
    }

    private async Task DeletePartsAsync(string model, BegunCut begun, CancellationToken cancellationToken)
    {
        await _storage.DeleteAsync("manifest", KeyOfManifest(model, begun.Cut)).WaitAsync(cancellationToken).ConfigureAwait(false);
        for (var block = 0; block < begun.Epochs.Count; block++)
            await DeletePiecesAsync(
                model, ChunkName.Of(begun.Generation, begun.Cut, block, begun.Epochs[block]), cancellationToken).ConfigureAwait(false);
    }

    // Pieces are written in order and deleted from the last, so behind the first one that is missing there is none.
    private async Task DeletePiecesAsync(string model, string name, CancellationToken cancellationToken)
    {
        var pieces = 0;
        for (var length = PieceBytes; length == PieceBytes;)
        {
            var (content, _) = await _storage.ReadAsync("chunk", KeyOfPiece(model, name, pieces)).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (content is null) break;
            length = content.Length;
            pieces++;
        }
        while (pieces-- > 0)
            await _storage.DeleteAsync("chunk", KeyOfPiece(model, name, pieces)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private SnapshotStorageException Deposed(SnapshotManifest manifest) => new(
        _storage.Name, $"Generation {manifest.Generation} of model '{manifest.Model}' is over; its cut {manifest.Cut} is no snapshot.",
        transient: false);

    // A block may have moved since the cut was begun, and an import was never begun: the manifest knows which chunks there are.
    private static IReadOnlyList<BegunCut> WithPartsOf(SnapshotManifest manifest, IReadOnlyList<BegunCut> begun)
    {
        var parts = new BegunCut(manifest.Cut, manifest.Generation,
            [.. manifest.Chunks.Select(c => ChunkName.TryParse(manifest.Model, c.Name, out var identity) ? identity.Epoch : 0)]);
        return begun.Any(parts.HasSamePartsAs) ? begun : [.. begun, parts];
    }

    private static long PiecesOf(long bytes) => Math.Max(1, (bytes + PieceBytes - 1) / PieceBytes);

    private static string KeyOfIndex(string model) => $"{model}/index";

    private static string KeyOfManifest(string model, long cut) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{model}/manifest-{cut}");

    private static string KeyOfPiece(string model, string name, long piece) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{model}/{name}.{piece}");
}
