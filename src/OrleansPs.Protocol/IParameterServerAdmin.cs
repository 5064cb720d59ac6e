namespace OrleansPs.Protocol;

/// <summary>What an operator asks of a cluster, beyond what a training job does.</summary>
/// <remarks>Thread safe. All calls throw <see cref="ServerUnavailableException"/> where no silo answers.</remarks>
public interface IParameterServerAdmin
{
    /// <summary>The silos of the cluster that are alive, by address.</summary>
    Task<IReadOnlyList<SiloInfo>> ListSilosAsync(CancellationToken cancellationToken = default);

    /// <summary>Where a model's blocks are, by index.</summary>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    Task<IReadOnlyList<BlockInfo>> ListBlocksAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves all blocks away from a silo, and lets no new ones come, so that it can be stopped. Nothing is lost. Call it again
    /// for progress: it moves what is still there.
    /// </summary>
    /// <param name="silo">The silo's address as <see cref="ListSilosAsync"/> says it.</param>
    /// <param name="cancellationToken">Gives up; blocks that have moved stay where they are.</param>
    /// <returns>How many blocks are still on the silo: 0 when it can be stopped.</returns>
    /// <exception cref="InvalidOptionsException">There is no such silo, or it is the last one.</exception>
    Task<int> DrainAsync(string silo, CancellationToken cancellationToken = default);

    /// <summary>A snapshot's manifest, in the bytes of the snapshot format.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    Task<byte[]> ReadManifestAsync(string model, long? cut, CancellationToken cancellationToken = default);

    /// <summary>A chunk of a snapshot, checked against its size and its checksum.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut that it belongs to.</param>
    /// <param name="block">Its block.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The chunk is damaged.</exception>
    Task<byte[]> ReadChunkAsync(string model, long cut, int block, CancellationToken cancellationToken = default);

    /// <summary>Gives out a cut number, once, for a snapshot that is made outside and imported.</summary>
    /// <remarks>
    /// A model that is alive counts its own cuts and may come to this number too: then the manifest that comes second is refused. Chunks of
    /// such a snapshot are named after generation 0, which no model on a cluster ever has.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="atLeast">The number is at least this.</param>
    /// <param name="cancellationToken">Gives up; the number may be used up all the same.</param>
    Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken = default);

    /// <summary>Gives the cluster a chunk of a snapshot that was taken elsewhere; see <see cref="ImportManifestAsync"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">The chunk's name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task ImportChunkAsync(string model, string name, byte[] content, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a snapshot of chunks that have all been imported. It keeps its cut number; numbers that the model gives out go on
    /// above it.
    /// </summary>
    /// <param name="manifest">The manifest, in the bytes of the snapshot format.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotStorageException">The model has another snapshot of this number.</exception>
    Task<SnapshotInfo> ImportManifestAsync(byte[] manifest, CancellationToken cancellationToken = default);
}

/// <summary>A silo.</summary>
/// <param name="Address">Its address, as Orleans writes it: ip:port@generation.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsDraining">Whether blocks move away from it.</param>
/// <param name="Blocks">How many replicas of blocks it holds, over all models.</param>
/// <param name="Bytes">Their parameters and optimizer state, in bytes.</param>
[GenerateSerializer, Alias("orleansps.SiloInfo")]
public sealed record SiloInfo(
    [property: Id(0)] string Address, [property: Id(1)] string Name, [property: Id(2)] bool IsDraining, [property: Id(3)] int Blocks,
    [property: Id(4)] long Bytes);

/// <summary>A block.</summary>
/// <param name="Block">Its index in the model.</param>
/// <param name="Silo">The address of the silo that its primary is on.</param>
/// <param name="Epoch">How often it got another primary in the model's present generation.</param>
/// <param name="Version">Rounds applied (BSP); 0 otherwise.</param>
/// <param name="Entries">How many entries its log has: every push, round and cut is one.</param>
/// <param name="Bytes">Its parameters and optimizer state, in bytes.</param>
/// <param name="Standby">The address of the silo that its standby is on; null while the primary is alone.</param>
[GenerateSerializer, Alias("orleansps.BlockInfo")]
public sealed record BlockInfo(
    [property: Id(0)] int Block, [property: Id(1)] string Silo, [property: Id(2)] long Epoch, [property: Id(3)] long Version,
    [property: Id(4)] long Entries, [property: Id(5)] long Bytes, [property: Id(6)] string? Standby);
