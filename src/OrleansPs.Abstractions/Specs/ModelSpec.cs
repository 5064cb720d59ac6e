namespace OrleansPs;

/// <summary>
/// What a model consists of: its parameters, how they start and how gradients change them, how its workers keep in
/// step, and how it is kept.
/// </summary>
/// <remarks>
/// Immutable; checked whole by <see cref="Validate"/> when a model is created. The service compares specs by their content. The
/// <c>==</c> of the record does not: it compares its lists, and the shapes in them, by reference.
/// </remarks>
/// <param name="Name">The model's name: letters, digits, '.', '-' and '_', at most 128, not starting with '.'.</param>
public sealed record ModelSpec(string Name)
{
    /// <summary>The default of <see cref="BlockBytes"/>: 1 MiB.</summary>
    public const int DefaultBlockBytes = 1 << 20;

    /// <summary>The dense parameters, in the order in which they are packed into blocks; at least one, unless there are <see cref="Tables"/>.</summary>
    public required IReadOnlyList<DenseParameter> Parameters { get; init; }

    /// <summary>The embedding tables.</summary>
    public IReadOnlyList<EmbeddingTable> Tables { get; init; } = [];

    /// <summary>The optimizer of every parameter that names no other.</summary>
    public required Optimizer Optimizer { get; init; }

    /// <summary>Parameter groups, by name: what some parameters do differently.</summary>
    public IReadOnlyList<ParameterGroup> Groups { get; init; } = [];

    /// <summary>How the learning rate changes with the clock; constant by default.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>How workers clip a push; not at all by default.</summary>
    public GradientClipping Clipping { get; init; } = GradientClipping.None;

    /// <summary>How gradients are sent of every dense parameter that says nothing else; as float32 by default.</summary>
    public GradientCompression Compression { get; init; } = GradientCompression.None;

    /// <summary>
    /// How workers' pulls of every dense parameter that says nothing else are answered: <see cref="GradientCompression.None"/>, which is the default and gives the
    /// parameters as they are, <see cref="GradientCompression.Bf16"/> or <see cref="GradientCompression.Int8"/>. It concerns what a worker computes with alone: the
    /// parameters themselves, readers, snapshots and weights that are written out keep all their digits.
    /// </summary>
    /// <remarks>
    /// Int8 is rounded to the nearest here, ties to even: the error of an element is at most the largest magnitude among its 256, divided by 254. It asks for a
    /// <see cref="BlockBytes"/> that is a multiple of 1,024, so that no scale's elements lie in two blocks. The numbers are the same on every host, in one process too, and do not depend on the size of blocks.
    /// </remarks>
    public GradientCompression PullCompression { get; init; } = GradientCompression.None;

    /// <summary>How far workers may drift apart; BSP by default.</summary>
    public ConsistencyPolicy Consistency { get; init; } = ConsistencyPolicy.BulkSynchronous;

    /// <summary>
    /// What SSP and ASP do about stale gradients; nothing by default. Under BSP none is stale: anything else is refused when the model
    /// is created.
    /// </summary>
    public StalenessCompensation Compensation { get; init; } = StalenessCompensation.None;

    /// <summary>What is kept, and how often; snapshots by hand only, by default.</summary>
    public DurabilityPolicy Durability { get; init; } = DurabilityPolicy.Snapshot();

    /// <summary>How a round's gradients become one under BSP; their mean by default.</summary>
    public Reduction Reduction { get; init; } = Reduction.Mean;

    /// <summary>What happens to a push with a NaN or an infinity; rejected by default.</summary>
    public NonFinitePolicy NonFinite { get; init; } = NonFinitePolicy.Reject;

    /// <summary>How many workers start together, >= 1: the model's first round and gate wait for ranks 0 to Workers - 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How many ranks there may ever be, Workers to 4096; 0 stands for <see cref="Workers"/>.</summary>
    public int MaxWorkers { get; init; }

    /// <summary>
    /// Under BSP a round closes without the slowest so many of its workers (Chen et al. 2016, "Revisiting Distributed Synchronous SGD"):
    /// 0 to Workers - 1; 0 by default. Of n workers that take part the first n - BackupWorkers are in the round, at least one, and the mean is over those;
    /// the step of a slower one does not count, its session throws <see cref="StepRestartException"/>, and it does the same data again in
    /// the round that is open then. A rank that has not joined yet may be among those that a round goes without. SSP and ASP have no rounds.
    /// </summary>
    public int BackupWorkers { get; init; }

    /// <summary>The seed of all initial values.</summary>
    public ulong Seed { get; init; }

    /// <summary>The size of a block, 4 KiB to 64 MiB, a multiple of 64: the unit of placement and of parallelism.</summary>
    public int BlockBytes { get; init; } = DefaultBlockBytes;

    /// <summary>How long a worker may be silent before it is evicted, 100 ms to 1 hour; 10 s by default.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many pushes a worker may make to one block in one step, 1 to 4096; 64 by default.</summary>
    public int PushesPerStep { get; init; } = 64;

    /// <summary>
    /// How much memory BSP may use to hold a round's gradients until it closes, in bytes; 4 GiB by default. Needed:
    /// MaxWorkers x (the model's dense size + the rows of each table that a worker may push in a step). With
    /// <see cref="StalenessCompensation.DcAsgd"/> it says how much the copies of what ranks last pulled may use: MaxWorkers x the model's dense size.
    /// </summary>
    public long StagingBytes { get; init; } = 4L << 30;

    /// <summary><see cref="MaxWorkers"/>, or <see cref="Workers"/> where that is 0.</summary>
    public int RankLimit => MaxWorkers == 0 ? Workers : MaxWorkers;

    /// <summary>The number of elements of all dense parameters together.</summary>
    public long Length => Parameters.Sum(p => (long)p.Length);

    /// <summary>The optimizer that a parameter ends up with: its own or the model's, with its group's changes.</summary>
    public Optimizer OptimizerOf(DenseParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return InGroup(parameter.Optimizer, parameter.Group);
    }

    /// <summary>The optimizer that a table ends up with: its own or the model's, with its group's changes.</summary>
    public Optimizer OptimizerOf(EmbeddingTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return InGroup(table.Optimizer, table.Group);
    }

    /// <summary>How the gradients of a parameter are sent: as it says itself, or its group, or the model.</summary>
    public GradientCompression CompressionOf(DenseParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Compression ?? Group(parameter.Group)?.Compression ?? Compression;
    }

    /// <summary>How workers' pulls of a parameter are answered: as it says itself, or its group, or the model.</summary>
    public GradientCompression PullCompressionOf(DenseParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.PullCompression ?? Group(parameter.Group)?.PullCompression ?? PullCompression;
    }

    /// <summary>The group of a parameter, or null.</summary>
    public ParameterGroup? GroupOf(DenseParameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Group(parameter.Group);
    }

    /// <summary>The group of a table, or null.</summary>
    public ParameterGroup? GroupOf(EmbeddingTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return Group(table.Group);
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InvalidSpecException">The first value that breaks a rule.</exception>
    public void Validate() => ModelSpecValidator.Validate(this);

    private ParameterGroup? Group(string? name) => name is null ? null : Groups.FirstOrDefault(g => g.Name == name);

    private Optimizer InGroup(Optimizer? own, string? group)
    {
        var optimizer = own ?? Optimizer;
        return Group(group) is { } g ? optimizer.With(g.Lr, g.WeightDecay) : optimizer;
    }
}

/// <summary>A dense parameter: a float32 tensor.</summary>
/// <remarks>The <c>==</c> of the record compares <paramref name="Shape"/> by reference.</remarks>
/// <param name="Name">Unique in the model, 1 to 256 characters.</param>
/// <param name="Shape">Its dimensions, each >= 1, their product below 2^31; an empty shape is a scalar.</param>
/// <param name="Initializer">Its first values; zeros by default.</param>
public sealed record DenseParameter(string Name, IReadOnlyList<int> Shape, Initializer? Initializer = null)
{
    /// <summary>Its own optimizer; null for the model's.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <summary>The name of its group; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>How its gradients are sent; null for as its group says, or the model.</summary>
    public GradientCompression? Compression { get; init; }

    /// <summary>How workers' pulls of it are answered, see <see cref="ModelSpec.PullCompression"/>; null for as its group says, or the model.</summary>
    public GradientCompression? PullCompression { get; init; }

    /// <summary>The number of its elements.</summary>
    public int Length
    {
        get
        {
            var length = 1L;
            foreach (var d in Shape) length = Math.Min(length * d, int.MaxValue + 1L);
            return checked((int)length);
        }
    }

    /// <summary>The shape as text, such as <c>[784, 256]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>What some parameters do differently.</summary>
/// <param name="Name">Unique in the model.</param>
public sealed record ParameterGroup(string Name)
{
    /// <summary>Their learning rate, >= 0; null for their optimizer's.</summary>
    public double? Lr { get; init; }

    /// <summary>Their weight decay, >= 0; null for their optimizer's.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>How their gradients are sent; null for as the model says. Tables take no part.</summary>
    public GradientCompression? Compression { get; init; }

    /// <summary>How workers' pulls of them are answered, see <see cref="ModelSpec.PullCompression"/>; null for as the model says. Tables take no part.</summary>
    public GradientCompression? PullCompression { get; init; }

    /// <summary>Whether they never change: pushes to them are accepted and ignored.</summary>
    public bool Frozen { get; init; }
}
