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
    /// <summary>Copies a snapshot of the cluster into the storage.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    public async Task<SnapshotInfo> ExportAsync(string model, long? cut, CancellationToken cancellationToken)
    {
        var bytes = await admin.ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        var manifest = ManifestCodec.Decode(bytes, $"of model '{model}'");
        await store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        await ForEachChunkAsync(manifest, async chunk =>
        {
            var content = await admin.ReadChunkAsync(model, manifest.Cut, chunk.Block, cancellationToken).ConfigureAwait(false);
            Check(chunk, content);
            await store.WriteChunkAsync(model, chunk.Name, content, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
        await store.WriteManifestAsync(manifest, cancellationToken).ConfigureAwait(false);
        return manifest.ToInfo();
    }

    /// <summary>Copies a snapshot of the storage into the cluster.</summary>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    public async Task<SnapshotInfo> ImportAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        await ForEachChunkAsync(manifest, async chunk =>
        {
            var content = await store.ReadChunkAsync(manifest.Model, chunk, cancellationToken).ConfigureAwait(false);
            await admin.ImportChunkAsync(manifest.Model, chunk.Name, content, cancellationToken).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return await admin.ImportManifestAsync(ManifestCodec.Encode(manifest), cancellationToken).ConfigureAwait(false);
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

    private async Task ForEachChunkAsync(SnapshotManifest manifest, Func<ChunkRecord, Task> transfer)
    {
        var (done, total) = (0L, manifest.ToInfo().Bytes);
        progress.Report(new(done, total));
        foreach (var chunk in manifest.Chunks)
        {
            await transfer(chunk).ConfigureAwait(false);
            done += chunk.Bytes;
            progress.Report(new(done, total));
        }
    }

    // The cluster checked it too, but it has been under way since.
    private static void Check(ChunkRecord chunk, byte[] content)
    {
        if (content.Length != chunk.Bytes || Convert.ToHexStringLower(SHA256.HashData(content)) != chunk.Sha256)
            throw new SnapshotCorruptException(chunk.Name, "what arrived is not what its manifest describes.");
    }
}
