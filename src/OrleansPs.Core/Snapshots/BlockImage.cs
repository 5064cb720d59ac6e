using System.Buffers;

namespace OrleansPs.Core.Snapshots;

/// <summary>All of one block at a cut. Owns its arrays; they may be longer than <see cref="Length"/>.</summary>
public sealed class BlockImage
{
    /// <summary>The block's index in the model.</summary>
    public required int Block { get; init; }

    /// <summary>Floats in the block.</summary>
    public required int Length { get; init; }

    /// <summary>Rounds applied (BSP).</summary>
    public required long Version { get; init; }

    /// <summary>The index of the last log entry that the image contains.</summary>
    public required long EntryIndex { get; init; }

    /// <summary>The values.</summary>
    public required float[] Values { get; init; }

    /// <summary>The first optimizer state, or null where no segment of the block has one.</summary>
    public float[]? Slot0 { get; init; }

    /// <summary>The second optimizer state, or null.</summary>
    public float[]? Slot1 { get; init; }

    /// <summary>The segments, in the order of the block.</summary>
    public required IReadOnlyList<SegmentImage> Segments { get; init; }

    /// <summary>Which pushes of each rank's newest step the image contains, by rank (SSP, ASP).</summary>
    public required IReadOnlyList<DedupeImage> Dedupe { get; init; }

    /// <summary>The rows, if the block is a shard of a table: it then has no values and no segments; else null.</summary>
    public TableImage? Rows { get; init; }

    /// <summary>Gives the arrays to the shared pool; the image must not be used afterwards. For an image whose arrays came from there.</summary>
    public void ReturnArrays()
    {
        Rows?.ReturnArrays();
        if (Values.Length > 0) ArrayPool<float>.Shared.Return(Values);
        if (Slot0 is not null) ArrayPool<float>.Shared.Return(Slot0);
        if (Slot1 is not null) ArrayPool<float>.Shared.Return(Slot1);
    }
}

/// <summary>One segment of a block image.</summary>
/// <param name="Parameter">The parameter's index in the spec.</param>
/// <param name="Start">The segment's first element in the parameter.</param>
/// <param name="Offset">Its first float in the block.</param>
/// <param name="Length">Its floats.</param>
/// <param name="Updates">How many updates it has had.</param>
public readonly record struct SegmentImage(int Parameter, int Start, int Offset, int Length, long Updates);

/// <summary>The dedupe state of one rank in a block.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Incarnation">The newest incarnation the block has heard of.</param>
/// <param name="Step">The newest step.</param>
/// <param name="Bits">Bit n: push n of that step has been applied.</param>
public sealed record DedupeImage(int Rank, long Incarnation, long Step, ulong[] Bits);
