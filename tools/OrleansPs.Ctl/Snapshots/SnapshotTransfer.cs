using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Ctl;

/// <summary>Carries snapshots between a cluster and a storage, chunk by chunk: what has no manifest yet is no snapshot on either side.</summary>
/// <param name="admin">The cluster.</param>
/// <param name="store">The storage, in the format that all hosts of the engine read.</param>
/// <param name="progress">Told after each chunk how many bytes are done.</param>
internal sealed class SnapshotTransfer(IParameterServerAdmin admin, ISnapshotStore store, IProgress<Amount> progress)
{
    /// <summary>Copies a snapshot of the cluster into the storage, whole: a delta becomes one with what it rests on.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    public async Task<SnapshotInfo> ExportAsync(string model, long? cut, CancellationToken cancellationToken)
    {
        var bytes = await admin.ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        var manifest = ManifestCodec.Decode(bytes, $"of model '{model}'");
        await store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        var whole = await ForEachChunkAsync(manifest, async chunk =>
        {
            var content = await ReadAsync(model, manifest.Cut, chunk, cancellationToken).ConfigureAwait(false);
            if (chunk.Base is { } from)
            {
                var below = await ReadBaseAsync(model, from, cancellationToken).ConfigureAwait(false);
                (chunk, content) = WholeChunk.Encode(model, chunk, content, below);
            }
            await store.WriteChunkAsync(model, chunk.Name, content, cancellationToken).ConfigureAwait(false);
            return chunk;
        }).ConfigureAwait(false);
        await store.WriteManifestAsync(whole, cancellationToken).ConfigureAwait(false);
        return whole.ToInfo();
    }

    /// <summary>Copies a snapshot of the storage into the cluster, whole.</summary>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    public async Task<SnapshotInfo> ImportAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        var whole = await ForEachChunkAsync(manifest, async chunk =>
        {
            var content = await store.ReadChunkAsync(manifest.Model, chunk, cancellationToken).ConfigureAwait(false);
            if (chunk.Base is { } from)
            {
                var below = await store.ReadChunkAsync(manifest.Model, from, cancellationToken).ConfigureAwait(false);
                (chunk, content) = WholeChunk.Encode(manifest.Model, chunk, content, below);
            }
            await admin.ImportChunkAsync(manifest.Model, chunk.Name, content, cancellationToken).ConfigureAwait(false);
            return chunk;
        }).ConfigureAwait(false);
        return await admin.ImportManifestAsync(ManifestCodec.Encode(whole), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds what to import.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest that is whole.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    public static async Task<SnapshotManifest> FindAsync(ISnapshotStore store, string model, long? cut, CancellationToken cancellationToken)
    {
        if (cut is { } number) return await store.ReadManifestAsync(model, number, cancellationToken).ConfigureAwait(false);
        var listings = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        return listings.LastOrDefault(listing => listing.IsWhole)?.Manifest ?? throw new SnapshotNotFoundException(model, null);
    }

    private async Task<byte[]> ReadAsync(string model, long cut, ChunkRecord chunk, CancellationToken cancellationToken)
    {
        var content = await admin.ReadChunkAsync(model, cut, chunk.Block, cancellationToken).ConfigureAwait(false);
        Check(chunk, content);
        return content;
    }

    private Task<byte[]> ReadBaseAsync(string model, ChunkRecord from, CancellationToken cancellationToken) =>
        ChunkName.TryParse(model, from.Name, out var identity)
            ? ReadAsync(model, identity.Cut, from, cancellationToken)
            : throw new SnapshotCorruptException(from.Name, "that is no chunk's name.");

    /// <summary>Transfers all chunks.</summary>
    /// <returns>The manifest of what was written.</returns>
    private async Task<SnapshotManifest> ForEachChunkAsync(SnapshotManifest manifest, Func<ChunkRecord, Task<ChunkRecord>> transfer)
    {
        var written = new List<ChunkRecord>();
        var (done, total) = (0L, manifest.ToInfo().Bytes);
        progress.Report(new(done, total));
        foreach (var chunk in manifest.Chunks)
        {
            written.Add(await transfer(chunk).ConfigureAwait(false));
            done += chunk.Bytes;
            progress.Report(new(done, total));
        }
        return manifest with { Chunks = written };
    }

    // The cluster checked it too, but it has been under way since.
    private static void Check(ChunkRecord chunk, byte[] content)
    {
        if (content.Length != chunk.Bytes || Convert.ToHexStringLower(SHA256.HashData(content)) != chunk.Sha256)
            throw new SnapshotCorruptException(chunk.Name, "what arrived is not what its manifest describes.");
    }
}
