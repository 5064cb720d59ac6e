namespace OrleansPs.Torture;

/// <summary>
/// A model whose numbers say what happened to it. Each finished step of a worker adds 1 to one half of every parameter and takes 1
/// from the other, and in a slot of the worker's own it adds 1 to a count and the step's mark to a sum of marks: so a push that is
/// missing shows even where another one came twice. All numbers are whole, and exact while they are below 2^24.
/// </summary>
/// <remarks>A parameter is <c>[+1 ... | -1 ... | slot of rank 0: count ..., marks ... | slot of rank 1 ... ]</c>, and a block of its own.</remarks>
internal static class LedgerModel
{
    public const int ParameterLength = 1 << 16;
    public const int SlotLength = 64;
    private const int MarkPeriod = 97;

    /// <summary>The spec of such a model.</summary>
    public static ModelSpec Spec(string name, ConsistencyPolicy consistency, DurabilityPolicy durability, int workers, int parameters) => new(name)
    {
        Parameters = [.. Enumerable.Range(0, parameters).Select(i => new DenseParameter($"p{i}", [ParameterLength]))],
        Optimizer = Optimizer.Sum(),
        Reduction = Reduction.Sum,
        Consistency = consistency,
        Durability = durability,
        Workers = workers,
        BlockBytes = ParameterLength * sizeof(float),
        Lease = TimeSpan.FromSeconds(3),
    };

    /// <summary>How long each half is.</summary>
    public static int HalfLength(int length, int workers) => (length - (workers * SlotLength)) / 2;

    /// <summary>The count part and the marks part of a rank's slot.</summary>
    public static (Range Counts, Range Marks) Slot(int length, int workers, int rank)
    {
        var start = length - ((workers - rank) * SlotLength);
        var middle = start + (SlotLength / 2);
        return (start..middle, middle..(start + SlotLength));
    }

    /// <summary>The gradient of one parameter; <see cref="Mark"/> makes it that of a step.</summary>
    public static float[] Gradient(int length, int workers, int rank)
    {
        var gradient = new float[length];
        var half = HalfLength(length, workers);
        gradient.AsSpan(0, half).Fill(1);
        gradient.AsSpan(half, half).Fill(-1);
        gradient.AsSpan()[Slot(length, workers, rank).Counts].Fill(1);
        return gradient;
    }

    /// <summary>Makes a gradient that of a step.</summary>
    public static void Mark(Span<float> gradient, int workers, int rank, long step) =>
        gradient[Slot(gradient.Length, workers, rank).Marks].Fill(MarkOf(step));

    /// <summary>What a step adds to the marks.</summary>
    public static int MarkOf(long step) => (int)(step % MarkPeriod);

    /// <summary>The marks of steps 0 to <paramref name="steps"/> - 1 together.</summary>
    public static long MarksOf(long steps)
    {
        var (periods, rest) = Math.DivRem(steps, MarkPeriod);
        return (periods * (MarkPeriod * (MarkPeriod - 1) / 2)) + (rest * (rest - 1) / 2);
    }
}
