using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>Where the cuts of a model are, for whoever reads them piece by piece or makes one that no coordinator took.</summary>
/// <remarks>Thread safe. Refusals of the storage are <see cref="SnapshotStorageException"/>.</remarks>
public interface ICutStore
{
    /// <summary>The whole snapshots of a model, ascending by cut.</summary>
    Task<IReadOnlyList<SnapshotInfo>> ListAsync(string model, CancellationToken cancellationToken);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    Task<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken);

    /// <summary>Reads and decodes a chunk.</summary>
    /// <exception cref="SnapshotCorruptException">It is damaged or missing.</exception>
    Task<BlockImage> ReadBlockAsync(SnapshotManifest manifest, int block, CancellationToken cancellationToken);

    /// <summary>
    /// Gives out a cut number, once: the next one, or a larger one if it is to be at least that. What is written under it stays until <see cref="ReleaseCutAsync"/>, though no manifest names it
    /// yet. A model that is alive counts its own cuts, and may come to this number too: then the manifest that comes second is refused.
    /// </summary>
    Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken);

    /// <summary>Ends a reservation, whether it became a snapshot or not.</summary>
    Task ReleaseCutAsync(string model, long cut);

    /// <summary>Writes a chunk.</summary>
    /// <returns>What the manifest has to say of it.</returns>
    Task<ChunkRecord> WriteBlockAsync(ChunkIdentity identity, BlockImage image, CancellationToken cancellationToken);

    /// <summary>Makes a snapshot of chunks that are all written.</summary>
    Task WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken);
}
