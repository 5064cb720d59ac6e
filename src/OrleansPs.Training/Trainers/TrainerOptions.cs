namespace OrleansPs.Training;

/// <summary>How a <see cref="DataParallelTrainer"/> goes through its data.</summary>
public sealed record TrainerOptions
{
    /// <summary>How often the data is gone through, 1 to 1,000,000; 10 by default.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Examples in a worker's step, 1 to 65,536; 64 by default.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>
    /// Into how many shards the data is cut, 1 to 4096: the number of workers that the training starts with. It stays
    /// what it was if the training goes on with another number of workers.
    /// </summary>
    public int Shards { get; init; } = 1;

    /// <summary>What the order of the data depends on.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Whether the next step's parameters are pulled while this one computes; off by default. It adds to staleness. Under
    /// BSP it does nothing: the next step's parameters do not exist before all have pushed.
    /// </summary>
    public bool Prefetch { get; init; }

    /// <summary>How fast steps are at most; null, the default, for as fast as they can.</summary>
    public StragglerPattern? Stragglers { get; init; }

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        Require(Epochs is >= 1 and <= 1_000_000, nameof(Epochs), Epochs, "it must be 1 to 1,000,000.");
        Require(BatchSize is >= 1 and <= 65_536, nameof(BatchSize), BatchSize, "it must be 1 to 65,536.");
        Require(Shards is >= 1 and <= 4096, nameof(Shards), Shards, "it must be 1 to 4096.");
    }

    internal static void Require(bool holds, string option, object value, string rule)
    {
        if (!holds) throw new InvalidOptionsException(option, value, rule);
    }
}
