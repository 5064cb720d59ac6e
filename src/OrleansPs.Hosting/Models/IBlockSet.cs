using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>
/// The blocks of one generation of a model, wherever they are: in this process, or on silos. What a coordinator asks of
/// all blocks, or of one, in the coordinator's name.
/// </summary>
/// <remarks>Thread safe. A call that fails may have reached some blocks; every one of them can be repeated.</remarks>
public interface IBlockSet
{
    /// <summary>How many blocks the model has.</summary>
    int Count { get; }

    /// <summary>How many blocks' chunks may be written at a time: each holds one block's bytes in memory.</summary>
    int WritesAtOnce { get; }

    /// <summary>Gives every block certificates.</summary>
    /// <returns>The least number of rounds that all have applied.</returns>
    ValueTask<long> CertifyAsync(MessageHeader header, IReadOnlyList<Certificate> certificates);

    /// <summary>Freezes every block for a cut.</summary>
    /// <returns>Null, or why it can't be.</returns>
    ValueTask<string?> FreezeAsync(MessageHeader header, FreezeBlocks cut);

    /// <summary>Gives every block a policy.</summary>
    /// <returns>Null, or why it can't be.</returns>
    ValueTask<string?> ChangePolicyAsync(MessageHeader header, ChangeBlocks change);

    /// <summary>Takes a cut from one block and writes its chunk to the storage.</summary>
    /// <param name="block">The block.</param>
    /// <param name="header">Of the coordinator.</param>
    /// <param name="cut">The cut.</param>
    /// <param name="since">The newest whole chunk of the block in this generation; what is written may be a delta of it. Null for a whole one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<CutPart> WriteCutAsync(int block, MessageHeader header, long cut, ChunkRecord? since, CancellationToken cancellationToken);

    /// <summary>Lets every block give up its frozen copy of a cut.</summary>
    ValueTask DropCutAsync(MessageHeader header, long cut);

    /// <summary>Frees the blocks. Whoever still asks is told that the model is of another generation.</summary>
    ValueTask CloseAsync();

    /// <summary>The replicas that the blocks are made of; null where they don't move.</summary>
    IReplicaSet? Replicas => null;
}

/// <summary>The replicas of one generation, on silos.</summary>
/// <remarks>Thread safe.</remarks>
public interface IReplicaSet
{
    /// <summary>Who holds the blocks, as far as the control record has it.</summary>
    IReadOnlyList<BlockSites> Map { get; }

    /// <summary>The record has this map: whoever asks is told it from now on.</summary>
    void Publish(IReadOnlyList<BlockSites> map, long version);

    /// <summary>Makes an empty replica on a silo; null if that can't be done now.</summary>
    Task<ReplicaSite?> PrepareAsync(int block, string silo);

    /// <summary>Gives a replica a command; null if it does not answer.</summary>
    Task<ReplicaAnswer?> TellAsync(ReplicaSite site, ReplicaCommand command);

    /// <summary>Frees a replica.</summary>
    void Close(ReplicaSite site);

    /// <summary>Blocks have lost all their replicas: somebody has to put the model back.</summary>
    void Lost(int blocks);
}

/// <summary>What came of taking a cut from one block.</summary>
/// <param name="Status">What the block answered.</param>
/// <param name="Chunk">What was written; null if the block refused.</param>
/// <param name="Dedupe">The dedupe state that the chunk holds.</param>
public readonly record struct CutPart(BlockStatus Status, ChunkRecord? Chunk, IReadOnlyList<DedupeImage> Dedupe);

/// <summary>Makes the blocks of a model's generations.</summary>
/// <remarks>Thread safe.</remarks>
public interface IBlockFactory
{
    /// <summary>
    /// Makes all blocks ready with first values, or with those of a snapshot, every chunk of which is checked. None of them
    /// serves yet, and those of the present generation go on.
    /// </summary>
    /// <param name="from">The snapshot's manifest; null for first values.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotCorruptException">A chunk is damaged, missing, or of another layout.</exception>
    Task<IPreparedBlocks> PrepareAsync(SnapshotManifest? from, CancellationToken cancellationToken);
}

/// <summary>Blocks that are ready to serve. Disposing frees those that never began.</summary>
public interface IPreparedBlocks : IAsyncDisposable
{
    /// <summary>Lets them serve a generation.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="newestCut">The newest cut number given out before: pushes that carry it begin no cut.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IBlockSet> BeginAsync(long generation, long newestCut, CancellationToken cancellationToken);
}
