using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Messages;

/// <summary>One contiguous piece of a parameter inside a block, or rows of a table, with the memory they are read from or written to.</summary>
/// <param name="Segment">The segment's index in its block; 0 for a table.</param>
/// <param name="Values">As many floats as the segment is long; for a table the rows, key after key.</param>
public readonly record struct SegmentSlice(int Segment, Memory<float> Values)
{
    /// <summary>The keys of the rows, ascending and each once; empty for a dense segment.</summary>
    public ReadOnlyMemory<long> Keys { get; init; }

    /// <summary>
    /// The values encoded, where they are sent so. What a session gives to a transport that carries no codes has values too: those that the code stands for.
    /// </summary>
    public SegmentCode Code { get; init; }

    /// <summary>How many values it has, or its code stands for.</summary>
    public int Length => Code.IsPresent ? Code.Length : Values.Length;

    /// <summary>The bytes that it has where it is sent.</summary>
    public long Bytes => (Code.IsPresent ? Code.Bytes.Length : (long)Values.Length * sizeof(float)) + ((long)Keys.Length * sizeof(long));
}

/// <summary>What a block answers.</summary>
public enum BlockStatus : byte
{
    /// <summary>Done: the push is applied or staged, the pull is copied.</summary>
    Ok,

    /// <summary>The push had been taken before; it counts once.</summary>
    Duplicate,

    /// <summary>The block lacks certificates: send those from <see cref="BlockReply.From"/> on, then ask again.</summary>
    NeedCertificates,

    /// <summary>The block is past the round of this push or pull: the step must be done again.</summary>
    StepClosed,

    /// <summary>A newer incarnation plays this rank.</summary>
    Fenced,

    /// <summary>The model is of another generation: it was put back to a snapshot, or started again.</summary>
    OtherGeneration,

    /// <summary>The block is of another epoch: ask for the block map again.</summary>
    OtherEpoch,

    /// <summary>An earlier push of this rank and step to this block has not arrived; ask again. BSP sums in order.</summary>
    OutOfOrder,

    /// <summary>The push's sequence is not below the window.</summary>
    WindowExceeded,

    /// <summary>The push belongs to a cut that this block already wrote.</summary>
    CutClosed,

    /// <summary>A second, different certificate for a round: somebody is broken. Nothing changes.</summary>
    Conflict,

    /// <summary>The message arrived without its numbers, as a copy of a message may: send it again.</summary>
    Incomplete,

    /// <summary>
    /// The block works by another policy. <see cref="BlockReply.From"/> is its number, and <see cref="BlockReply.Version"/> how many rounds are
    /// applied, or -1 where there are none.
    /// </summary>
    OtherPolicy,

    /// <summary>
    /// The push could give the shard more rows than it may have, and nothing has changed. <see cref="BlockReply.Version"/> is how many it has, and
    /// <see cref="BlockReply.From"/> how many it may have.
    /// </summary>
    TableFull,
}

/// <summary>What a block answers, and what it knows.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Version">How many rounds the block has applied (BSP); 0 otherwise.</param>
/// <param name="From">With <see cref="BlockStatus.NeedCertificates"/>: the first round that the block lacks.</param>
/// <param name="Generation">The block's generation.</param>
public readonly record struct BlockReply(BlockStatus Status, long Version, long From, long Generation);
