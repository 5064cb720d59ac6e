using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>What the coordinator asks of a block: to begin and to end, cuts, moves.</summary>
[Alias("orleansps.IBlockControl")]
internal interface IBlockControl : IGrainWithStringKey
{
    /// <summary>Gets ready, with first values, a chunk's, or nothing yet. The activation's nonce says which one answered.</summary>
    [Alias("Prepare")]
    Task<Outcome<PreparedBlock>> Prepare(BlockPlan plan);

    /// <summary>Is of this generation from now on: the primary if it is told so, otherwise a standby. Only the activation that was prepared is.</summary>
    [Alias("Begin")]
    Task<bool> Begin(Guid nonce, long generation, long newestCut, ReplicaOrder? lead);

    /// <summary>Does what the coordinator says; what takes long is answered with "pending".</summary>
    [Alias("Obey")]
    Task<ReplicaAnswer> Obey(Guid nonce, long generation, ReplicaOrder order);

    /// <summary>Takes a piece of what the primary knows, and is its standby when the last one has come.</summary>
    [Alias("Receive")]
    Task<bool> Receive(Guid nonce, StatePiece piece);

    /// <summary>Takes entries of the primary.</summary>
    [Alias("Accept")]
    ValueTask<AcceptReply> Accept(Guid nonce, long generation, long epoch, EntryItem[] entries, TensorPayload? gradients);

    /// <summary>Gives a block certificates.</summary>
    [Alias("CertifyAll")]
    Task<BlockReply> CertifyAll(MessageHeader header, Certificate[] certificates);

    /// <summary>Freezes the block for a cut.</summary>
    [Alias("Freeze")]
    Task<BlockReply> Freeze(MessageHeader header, long cut, Certificate[] certificates);

    /// <summary>Gives a block a policy.</summary>
    [Alias("ChangePolicy")]
    Task<BlockReply> ChangePolicy(MessageHeader header, TrainingPolicy policy, Certificate[] certificates);

    /// <summary>Takes a cut and writes its chunk to the storage, maybe as a delta of an earlier one.</summary>
    [Alias("WriteCut")]
    Task<Outcome<WrittenCut>> WriteCut(MessageHeader header, long cut, ChunkRecord? since);

    /// <summary>Gives up the frozen copy of a cut.</summary>
    [Alias("DropCut")]
    Task<BlockReply> DropCut(MessageHeader header, long cut);

    /// <summary>What it is and holds; null if it does not serve this generation and epoch.</summary>
    [Alias("Describe")]
    Task<BlockDescription?> Describe(long generation, long epoch);

    /// <summary>Frees everything.</summary>
    [Alias("Close")]
    Task Close();
}

/// <summary>What a block is to hold.</summary>
/// <param name="Spec">The spec's canonical JSON.</param>
/// <param name="Block">The block's index.</param>
/// <param name="Chunk">The chunk with its values; null for first values.</param>
/// <param name="IsEmpty">Whether it gets everything from the primary.</param>
[GenerateSerializer, Alias("orleansps.BlockPlan")]
internal sealed record BlockPlan(
    [property: Id(0)] byte[] Spec, [property: Id(1)] int Block, [property: Id(2)] ChunkRecord? Chunk, [property: Id(3)] bool IsEmpty);

/// <summary>An activation that is ready to serve.</summary>
/// <param name="Nonce">Drawn by the activation: a later one of the same key has another.</param>
/// <param name="Silo">Where it is.</param>
[GenerateSerializer, Alias("orleansps.PreparedBlock")]
internal sealed record PreparedBlock([property: Id(0)] Guid Nonce, [property: Id(1)] SiloAddress Silo);

/// <summary>What came of taking a cut.</summary>
/// <param name="Status">The block's answer.</param>
/// <param name="Chunk">What was written, or null.</param>
/// <param name="Dedupe">The dedupe state that the chunk holds.</param>
[GenerateSerializer, Alias("orleansps.WrittenCut")]
internal sealed record WrittenCut(
    [property: Id(0)] BlockStatus Status, [property: Id(1)] ChunkRecord? Chunk, [property: Id(2)] DedupeImage[] Dedupe);

/// <summary>What a block holds.</summary>
/// <param name="Version">Rounds applied (BSP).</param>
/// <param name="Entries">Entries of its log.</param>
/// <param name="Bytes">Its parameters and optimizer state.</param>
[GenerateSerializer, Alias("orleansps.BlockDescription")]
internal sealed record BlockDescription([property: Id(0)] long Version, [property: Id(1)] long Entries, [property: Id(2)] long Bytes);
