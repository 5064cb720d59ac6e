using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Blocks;

/// <summary>What an entry of a block's log does.</summary>
public enum BlockEntryKind : byte
{
    /// <summary>A push is applied (SSP, ASP) or staged (BSP).</summary>
    Push,

    /// <summary>A round is closed: its certificate is applied.</summary>
    Round,

    /// <summary>A cut begins here: the block keeps a frozen copy.</summary>
    Freeze,

    /// <summary>The frozen copy is given up or written.</summary>
    Thaw,

    /// <summary>Older incarnations of a rank are refused from here on.</summary>
    Fence,

    /// <summary>A rank has pulled: what it saw is remembered, to compensate the staleness of its pushes (SSP, ASP).</summary>
    Mark,

    /// <summary>The block works by another policy from here on.</summary>
    Policy,
}

/// <summary>
/// One change of a block. Everything that changes a block is such an entry, applied in order without gaps, so a second replica
/// that is given the same entries is the same bits.
/// </summary>
/// <param name="Epoch">The epoch of the block map under which it was decided.</param>
/// <param name="Index">Its place in the log, from 1.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Header">
/// The push's header (Push), the rank and incarnation (Fence), the rank (Mark), or that of the coordinator's command (Freeze, Thaw, Policy); with Policy its
/// clock is how many rounds count as applied.
/// </param>
/// <param name="Certificate">The certificate (Round).</param>
/// <param name="Cut">The cut (Freeze, Thaw).</param>
/// <param name="CutWritten">With Thaw: whether the cut was written rather than given up.</param>
public readonly record struct BlockEntry(
    long Epoch, long Index, BlockEntryKind Kind, MessageHeader Header = default, Certificate? Certificate = null,
    long Cut = 0, bool CutWritten = false)
{
    /// <summary>The policy (Policy).</summary>
    public TrainingPolicy? Policy { get; init; }
}

/// <summary>Is given each entry right after it was applied: where a standby is fed from.</summary>
public interface IBlockEntrySink
{
    /// <summary>Takes an entry. The gradient is the caller's again when this returns.</summary>
    void OnEntry(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient);
}
