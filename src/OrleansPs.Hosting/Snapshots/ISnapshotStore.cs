using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>
/// Where snapshots are kept. A snapshot is a set of chunks that are written in any order, and a manifest that is written
/// last: what has no manifest is no snapshot.
/// </summary>
/// <remarks>
/// Thread safe. Refusals of the storage (no permission, no space) are <see cref="SnapshotStorageException"/>; what does
/// not fit its checksum is <see cref="SnapshotCorruptException"/>.
/// </remarks>
public interface ISnapshotStore
{
    /// <summary>Checks at start that the storage can be written to, creating it where it does not exist.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Writes a chunk, whole or not at all; writing the same again is harmless.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">Its name, see <see cref="ChunkName"/>.</param>
    /// <param name="content">Its bytes; the caller's again when the task is done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask WriteChunkAsync(string model, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Reads a chunk and holds it against its size and its checksum.</summary>
    /// <param name="model">The model.</param>
    /// <param name="chunk">What the manifest says of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<byte[]> ReadChunkAsync(string model, ChunkRecord chunk, CancellationToken cancellationToken);

    /// <summary>Makes a snapshot of chunks that are all written; durable when the task is done.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="cancellationToken">Gives up; the manifest may have been written all the same.</param>
    ValueTask WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken);

    /// <summary>Reads the manifest of a cut.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    ValueTask<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken);

    /// <summary>All cuts that have a manifest, ascending. Chunks are looked for, not read.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<IReadOnlyList<SnapshotListing>> ListAsync(string model, CancellationToken cancellationToken);

    /// <summary>Deletes a snapshot: first its manifest, then its chunks. Nothing happens if there is none.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask DeleteAsync(string model, long cut, CancellationToken cancellationToken);

    /// <summary>Deletes what aborted cuts and dead processes left behind: chunks without a manifest, half-written files.</summary>
    /// <param name="model">The model.</param>
    /// <param name="openCut">The cut that is being written now, which is not touched; null for none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask DeleteOrphansAsync(string model, long? openCut, CancellationToken cancellationToken);

    /// <summary>The numbers of a model that only rise; <see cref="ModelPointer.First"/> for a model that has none yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ModelPointer> ReadPointerAsync(string model, CancellationToken cancellationToken);

    /// <summary>Compare-and-swap of a model's numbers; durable when the task is done.</summary>
    /// <param name="model">The model.</param>
    /// <param name="expected">What they are believed to be.</param>
    /// <param name="next">What they shall be; none may be lower than before.</param>
    /// <param name="cancellationToken">Gives up; the swap may have happened all the same.</param>
    /// <returns>False if they are no longer <paramref name="expected"/>.</returns>
    ValueTask<bool> TryWritePointerAsync(
        string model, ModelPointer expected, ModelPointer next, CancellationToken cancellationToken);
}
