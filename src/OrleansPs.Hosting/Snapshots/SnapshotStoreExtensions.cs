using System.Buffers;
using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Hosting;

/// <summary>A snapshot that was read whole: every chunk checked and decoded.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Blocks">The blocks, by index.</param>
/// <param name="Skipped">Newer cuts that are damaged, newest first, when the newest good one was asked for.</param>
public sealed record LoadedSnapshot(
    SnapshotManifest Manifest, IReadOnlyList<BlockImage> Blocks, IReadOnlyList<SnapshotListing> Skipped);

/// <summary>A snapshot that was looked for, and what its blocks were read into.</summary>
internal sealed record FoundSnapshot<T>(SnapshotManifest Manifest, T Content, IReadOnlyList<SnapshotListing> Skipped);

/// <summary>What hosts do with a storage, in the terms of blocks and cuts.</summary>
public static class SnapshotStoreExtensions
{
    private const int Looks = 4;

    /// <summary>Writes a block, as a delta of an earlier chunk where that is much less.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="identity">Which chunk it is; the image's own block counts.</param>
    /// <param name="image">The block, whole.</param>
    /// <param name="since">The newest whole chunk of the block in this generation, whose snapshot is complete; null if there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What the manifest has to say of it.</returns>
    public static async ValueTask<ChunkRecord> WriteBlockAsync(
        this ISnapshotStore store, ChunkIdentity identity, BlockImage image, ChunkRecord? since, CancellationToken cancellationToken)
    {
        if (since is null || !ChunkName.TryParse(identity.Model, since.Name, out var from) || TableDelta.Since(image, from.Cut) is not { } delta)
            return await store.WriteBlockAsync(identity, image, cancellationToken).ConfigureAwait(false);
        try
        {
            return await store.WriteBlockAsync(identity, delta, cancellationToken).ConfigureAwait(false) with { Base = since };
        }
        finally
        {
            delta.ReturnArrays();
        }
    }

    /// <summary>Encodes a block into pooled memory and writes it.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="identity">Which chunk it is; the image's own block counts.</param>
    /// <param name="image">The block.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What the manifest has to say of it.</returns>
    public static async ValueTask<ChunkRecord> WriteBlockAsync(
        this ISnapshotStore store, ChunkIdentity identity, BlockImage image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(image);
        if (identity.Block != image.Block)
            throw new ArgumentException($"The image is of block {image.Block}, not {identity.Block}.", nameof(identity));
        var length = BlockImageCodec.GetEncodedLength(image);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            BlockImageCodec.Encode(
                image, identity.Model, identity.Generation, identity.Cut, identity.Epoch, buffer.AsSpan(0, length));
            await store.WriteChunkAsync(identity.Model, identity.Name, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            return new(image.Block, identity.Name, length,
                Convert.ToHexStringLower(SHA256.HashData(buffer.AsSpan(0, length))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a snapshot whole.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest one that is whole, past damaged ones.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    /// <exception cref="SnapshotCorruptException">The cut that was named is damaged, or all are.</exception>
    public static async ValueTask<LoadedSnapshot> LoadAsync(
        this ISnapshotStore store, string model, long? cut, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(
            model, cut, 0, (manifest, token) => store.ReadBlocksAsync(manifest, token), cancellationToken).ConfigureAwait(false);
        return new(found.Manifest, found.Content, found.Skipped);
    }

    /// <summary>Looks for a snapshot whose blocks can be read.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest one that is whole, past damaged ones.</param>
    /// <param name="notBelow">Of the newest ones, those below this cut don't count.</param>
    /// <param name="read">Reads the blocks; a <see cref="SnapshotCorruptException"/> says that they are damaged.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    /// <exception cref="SnapshotCorruptException">The cut that was named is damaged, or all are.</exception>
    internal static async ValueTask<FoundSnapshot<T>> FindAsync<T>(
        this ISnapshotStore store, string model, long? cut, long notBelow,
        Func<SnapshotManifest, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (cut is { } named)
        {
            var manifest = await store.ReadManifestAsync(model, named, cancellationToken).ConfigureAwait(false);
            return await FindNamedAsync(store, manifest, read, cancellationToken).ConfigureAwait(false);
        }
        return await FindNewestAsync(store, model, notBelow, read, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads and decodes all chunks of a snapshot.</summary>
    internal static async ValueTask<IReadOnlyList<BlockImage>> ReadBlocksAsync(
        this ISnapshotStore store, SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        var blocks = new BlockImage[manifest.Chunks.Count];
        foreach (var chunk in manifest.Chunks)
            blocks[chunk.Block] = await store.ReadBlockAsync(manifest.Model, chunk, cancellationToken).ConfigureAwait(false);
        return blocks;
    }

    /// <summary>Reads and decodes one chunk.</summary>
    internal static async ValueTask<BlockImage> ReadBlockAsync(
        this ISnapshotStore store, string model, ChunkRecord chunk, CancellationToken cancellationToken)
    {
        var bytes = await store.ReadChunkAsync(model, chunk, cancellationToken).ConfigureAwait(false);
        if (chunk.Base is not { } from) return WholeChunk.Decode(model, chunk, bytes);
        var below = await store.ReadChunkAsync(model, from, cancellationToken).ConfigureAwait(false);
        return WholeChunk.Decode(model, chunk, bytes, below);
    }

    /// <summary>
    /// Deletes all snapshots older than the newest so many good ones, and all damaged ones among the deleted; but for those that a
    /// kept one is a delta of.
    /// </summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="keep">How many good ones stay, >= 1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask RetainAsync(
        this ISnapshotStore store, string model, int keep, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        var listings = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        foreach (var cut in DeltaBases.Superseded([.. listings.Select(l => (l.Cut, l.Manifest))], keep))
            await store.DeleteAsync(model, cut, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<FoundSnapshot<T>> FindNamedAsync<T>(
        ISnapshotStore store, SnapshotManifest manifest, Func<SnapshotManifest, CancellationToken, ValueTask<T>> read,
        CancellationToken cancellationToken)
    {
        try
        {
            return new(manifest, await read(manifest, cancellationToken).ConfigureAwait(false), []);
        }
        catch (SnapshotCorruptException)
        {
            // One that was deleted while it was read is not damaged: then this says that there is none.
            await store.ReadManifestAsync(manifest.Model, manifest.Cut, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Looks again if newer cuts came up meanwhile: those that were listed may have been deleted while they were read.</summary>
    private static async ValueTask<FoundSnapshot<T>> FindNewestAsync<T>(
        ISnapshotStore store, string model, long notBelow, Func<SnapshotManifest, CancellationToken, ValueTask<T>> read,
        CancellationToken cancellationToken)
    {
        var skipped = new List<SnapshotListing>();
        for (var look = 0; look < Looks; look++)
        {
            var all = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
            SnapshotListing[] listings = [.. all.Where(l => l.Cut >= notBelow)];
            if (look > 0 && listings.All(l => l.Cut <= skipped[0].Cut)) break;
            skipped.Clear();
            if (await TryFindAsync(listings, skipped, read, cancellationToken).ConfigureAwait(false) is { } found) return found;
            if (skipped.Count == 0) throw new SnapshotNotFoundException(model, null);
        }
        // All damaged is not the same as none: whoever starts anew on "none" must not do so here.
        throw new SnapshotCorruptException(
            $"of model '{model}'", $"none of its {skipped.Count} cuts is whole; the newest: {skipped[0].Problem}");
    }

    private static async ValueTask<FoundSnapshot<T>?> TryFindAsync<T>(
        IReadOnlyList<SnapshotListing> listings, List<SnapshotListing> skipped,
        Func<SnapshotManifest, CancellationToken, ValueTask<T>> read, CancellationToken cancellationToken)
    {
        foreach (var listing in listings.Reverse())
        {
            if (!listing.IsWhole)
            {
                skipped.Add(listing);
                continue;
            }
            try
            {
                return new(listing.Manifest, await read(listing.Manifest, cancellationToken).ConfigureAwait(false), skipped);
            }
            catch (SnapshotCorruptException e)
            {
                skipped.Add(new(listing.Cut, null, e.Message));
            }
        }
        return null;
    }
}
