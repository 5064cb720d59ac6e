using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Where things are in a row's record: its values, its optimizer's state, and up to three whole numbers in the bits of a float each.
/// One record is contiguous memory, so that an update touches one place.
/// </summary>
internal sealed class RowLayout
{
    private RowLayout(int width, int state, bool counts, bool ages)
    {
        (Width, State, Counts, Ages) = (width, state, counts, ages);
        CountAt = width + state;
        TouchedAt = CountAt + (counts ? 1 : 0);
        ChangedAt = TouchedAt + (ages ? 1 : 0);
        Floats = ChangedAt + 1;
    }

    /// <summary>Floats of values.</summary>
    public int Width { get; }

    /// <summary>Floats of optimizer state.</summary>
    public int State { get; }

    /// <summary>Whether a row counts its updates.</summary>
    public bool Counts { get; }

    /// <summary>Whether a row knows when it was last pushed.</summary>
    public bool Ages { get; }

    /// <summary>Where the number of updates is.</summary>
    public int CountAt { get; }

    /// <summary>Where the clock of the last push is.</summary>
    public int TouchedAt { get; }

    /// <summary>Where the cut is after which the row changed last.</summary>
    public int ChangedAt { get; }

    /// <summary>Floats of a record.</summary>
    public int Floats { get; }

    public static RowLayout Of(EmbeddingTable table, RowKernel kernel) =>
        new(table.Width, kernel.StateFloats(table.Width), kernel.CountsUpdates, table.Lifetime is { TimeToLive: > 0 } or { Capacity: > 0 });

    public Span<float> Values(Span<float> record) => record[..Width];

    public Span<float> StateOf(Span<float> record) => record.Slice(Width, State);

    /// <summary>A clock or a cut as it is kept: those beyond 2^31 are one.</summary>
    public static int Narrow(long number) => (int)Math.Min(number, int.MaxValue);
}
