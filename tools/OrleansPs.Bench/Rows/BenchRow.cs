using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>What a worker does again and again.</summary>
internal enum Operation
{
    Push,
    Pull,

    /// <summary>A push and, when it is acknowledged, a pull.</summary>
    PushThenPull,

    /// <summary>Both in one round trip.</summary>
    PushPull,
}

/// <summary>How the numbers of an operation travel.</summary>
internal enum Encoding
{
    None,
    Bf16,
    Int8,

    /// <summary>1 % of what is pushed; what is pulled is whole.</summary>
    TopK,
}

/// <summary>One row of the workload.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="Floats">The floats of the vector; of a table those of a row.</param>
/// <param name="Rows">How many distinct random rows of a table each operation names; 0 for a dense vector.</param>
/// <param name="InFlight">How many operations a worker keeps outstanding.</param>
internal sealed record BenchRow(Operation Operation, int Floats, int Rows, int InFlight)
{
    /// <summary>How many rows the table has.</summary>
    public const int TableRows = 1_000_000;

    /// <summary>Of a dense vector, both ways.</summary>
    public Encoding Encoding { get; init; }

    public bool IsSparse => Rows > 0;

    public bool Pushes => Operation != Operation.Pull;

    public bool Pulls => Operation != Operation.Push;

    /// <summary>The floats that go in one direction.</summary>
    public int Numbers => IsSparse ? Floats * Rows : Floats;

    /// <summary>The payload of an operation in both directions.</summary>
    public long Bytes => (Pushes && Pulls ? 2L : 1L) * Numbers * sizeof(float);

    /// <summary>What is trained, for all rows of one shape the same; what is encoded has a model of its own.</summary>
    public string Model => string.Create(CultureInfo.InvariantCulture,
        $"bench-{(IsSparse ? $"rows-{Floats}" : $"{Floats}")}{(Encoding == Encoding.None ? "" : $"-{Encoding}")}");

    public string Name => string.Create(CultureInfo.InvariantCulture,
        $"{(IsSparse ? $"{Rows:#,0} x {Floats}" : $"{Floats:#,0}")}, {InFlight} in flight, {Text}");

    /// <summary>As it stands in tables and files.</summary>
    public string Text => Operation switch
    {
        Operation.Push => "push",
        Operation.Pull => "pull",
        Operation.PushThenPull => "push;pull",
        _ => "push-pull",
    };
}

/// <summary>The rows that are measured.</summary>
internal static class RowCatalog
{
    private static readonly Operation[] s_alone = Enum.GetValues<Operation>();
    private static readonly Operation[] s_several = [Operation.Push, Operation.Pull, Operation.PushThenPull];

    public static IEnumerable<BenchRow> Dense =>
        from floats in new[] { 1_024, 16_384, 262_144, 4_194_304 }
        from inFlight in new[] { 1, floats > 1 << 20 ? 4 : 8 }
        from operation in inFlight == 1 ? s_alone : s_several
        select new BenchRow(operation, floats, 0, inFlight);

    public static IEnumerable<BenchRow> Sparse =>
        from width in new[] { 16, 64 }
        from rows in new[] { 1_000, 10_000 }
        from inFlight in new[] { 1, 8 }
        from operation in inFlight == 1 ? s_alone : s_several
        select new BenchRow(operation, width, rows, inFlight);

    /// <summary>What a minute suffices for.</summary>
    public static IEnumerable<BenchRow> Quick =>
        from row in Dense.Concat(Sparse)
        where row.Operation is Operation.Push or Operation.Pull && (row.IsSparse ? row.Rows == 10_000 && row.Floats == 16 : row.Floats != 16_384)
        select row;
}
