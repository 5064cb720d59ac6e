using System.Buffers;

namespace OrleansPs.Core.Snapshots;

/// <summary>The rows of a table's shard at a cut. Owns its arrays; they may be longer than what they hold.</summary>
public sealed class TableImage
{
    /// <summary>How many rows there are.</summary>
    public required int Count { get; init; }

    /// <summary>Floats of values in a row.</summary>
    public required int Width { get; init; }

    /// <summary>Floats of optimizer state in a row, which follow its values.</summary>
    public required int StateFloats { get; init; }

    /// <summary>Whether a row's number of updates follows its state, in the bits of a float.</summary>
    public required bool CountsUpdates { get; init; }

    /// <summary>Whether the clock of a row's last push follows, in the bits of a float.</summary>
    public required bool Ages { get; init; }

    /// <summary>The clock of the newest push.</summary>
    public required long Clock { get; init; }

    /// <summary>The keys, ascending.</summary>
    public required long[] Keys { get; init; }

    /// <summary>
    /// For each key its record: values, state, the numbers that the row has, and the cut after which it changed last, in the bits of
    /// a float.
    /// </summary>
    public required float[] Records { get; init; }

    /// <summary>The counters of the sketch that admits keys, or null.</summary>
    public byte[]? Sketch { get; init; }

    /// <summary>
    /// Of which cut the image is a delta: it then holds only the rows that changed since that one's image, which together with it is
    /// the whole. -1 if it is whole itself.
    /// </summary>
    public long BaseCut { get; init; } = -1;

    /// <summary>Of a delta the keys of all rows, ascending, where rows may end: those of the base that are not among them are gone. Else null.</summary>
    public long[]? Remaining { get; init; }

    /// <summary>How many of <see cref="Remaining"/> there are.</summary>
    public int RemainingCount { get; init; }

    /// <summary>Floats of a record.</summary>
    public int RecordFloats => Width + StateFloats + (CountsUpdates ? 1 : 0) + (Ages ? 1 : 0) + 1;

    /// <summary>A row's record.</summary>
    public Span<float> RecordOf(int index) => Records.AsSpan(index * RecordFloats, RecordFloats);

    /// <summary>A row's values.</summary>
    public Span<float> ValuesOf(int index) => Records.AsSpan(index * RecordFloats, Width);

    internal void ReturnArrays()
    {
        ArrayPool<long>.Shared.Return(Keys);
        if (Remaining is not null) ArrayPool<long>.Shared.Return(Remaining);
        ArrayPool<float>.Shared.Return(Records);
    }
}
