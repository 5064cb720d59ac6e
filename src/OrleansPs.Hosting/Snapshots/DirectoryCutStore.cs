using OrleansPs.Client;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>The cuts of a directory, for whoever makes one that no coordinator took.</summary>
internal sealed class DirectoryCutStore(DirectorySnapshotStore store) : ICutStore
{
    public async Task<IReadOnlyList<SnapshotInfo>> ListAsync(string model, CancellationToken cancellationToken)
    {
        var listings = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        return [.. listings.Where(l => l.IsWhole).Select(l => l.Manifest!.ToInfo())];
    }

    public Task<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken) =>
        store.ReadManifestAsync(model, cut, cancellationToken).AsTask();

    public Task<BlockImage> ReadBlockAsync(SnapshotManifest manifest, int block, CancellationToken cancellationToken) =>
        store.ReadBlockAsync(manifest.Model, manifest.Chunks[block], cancellationToken).AsTask();

    public Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken) =>
        store.ReserveCutAsync(model, atLeast, cancellationToken).AsTask();

    public Task ReleaseCutAsync(string model, long cut)
    {
        store.ReleaseCut(model, cut);
        return Task.CompletedTask;
    }

    public Task<ChunkRecord> WriteBlockAsync(ChunkIdentity identity, BlockImage image, CancellationToken cancellationToken) =>
        SnapshotStoreExtensions.WriteBlockAsync(store, identity, image, cancellationToken).AsTask();

    public Task WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken) =>
        store.WriteManifestAsync(manifest, cancellationToken).AsTask();
}
