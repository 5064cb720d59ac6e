namespace OrleansPs.Training;

/// <summary>
/// Which examples a rank takes in each of its steps. A pure function of its values: a rank that goes on from its data
/// cursor sees exactly what it would have seen without the break.
/// </summary>
/// <remarks>
/// <para>
/// An epoch's order is cut into global batches of Shards x BatchSize; in step i shard r takes the r-th part of the i-th
/// one. So n shards see together what one shard with the n-fold batch sees. What is left over at an epoch's end is not
/// used in that epoch.
/// </para>
/// <para>
/// The cursor counts the rank's finished steps: first those of its own shard, then what is left of the shards that it
/// inherited, in the order in which <see cref="WorkerPosition.Inherited"/> lists them.
/// </para>
/// <para>Not thread safe: it keeps an epoch's order.</para>
/// </remarks>
public sealed class BatchPlan
{
    private readonly TrainerOptions _options;
    private readonly EpochOrder _order;

    /// <summary>Makes the plan of a data set.</summary>
    /// <param name="examples">The size of the data set.</param>
    /// <param name="options">How it is cut.</param>
    /// <exception cref="InvalidOptionsException">An option is out of its range, or there is less data than one global batch.</exception>
    public BatchPlan(int examples, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        StepsPerEpoch = examples / (options.Shards * options.BatchSize);
        if (StepsPerEpoch < 1)
            throw new InvalidOptionsException(nameof(options.BatchSize), options.BatchSize,
                $"{options.Shards} shards of it must be at most the {examples} examples.");
        _options = options;
        _order = new(examples, options.Seed);
    }

    /// <summary>How many steps a shard has in an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>How many steps a shard has in all epochs.</summary>
    public long StepsPerShard => (long)StepsPerEpoch * _options.Epochs;

    /// <summary>How many steps a rank has to do in all, what it inherited included.</summary>
    public long StepsOf(WorkerPosition position) =>
        StepsPerShard + position.Inherited.Sum(shard => LeftOf(shard));

    /// <summary>The epoch of a rank's next step, counted from 0.</summary>
    public int EpochOf(int rank, WorkerPosition position) => (int)(Locate(rank, position).Step / StepsPerEpoch);

    /// <summary>The examples of a rank's next step, valid until the next call.</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="position">Where it is; the cursor must be below <see cref="StepsOf"/>.</param>
    public ReadOnlySpan<int> BatchOf(int rank, WorkerPosition position)
    {
        var (shard, step) = Locate(rank, position);
        var (epoch, index) = Math.DivRem(step, StepsPerEpoch);
        var first = (int)(index * _options.Shards + shard) * _options.BatchSize;
        return _order.Of(epoch).Slice(first, _options.BatchSize);
    }

    /// <summary>What all that is drawn at random for a rank's next step depends on: the options' seed, the shard of the data and the step in it.</summary>
    public ulong SeedOf(int rank, WorkerPosition position)
    {
        var (shard, step) = Locate(rank, position);
        return SplitMix64.Mix(SplitMix64.Mix(SplitMix64.Mix(_options.Seed) + (ulong)shard + 1) + (ulong)step);
    }

    private (int Shard, long Step) Locate(int rank, WorkerPosition position)
    {
        if (position.Cursor < StepsPerShard) return (rank % _options.Shards, position.Cursor);
        var done = position.Cursor - StepsPerShard;
        foreach (var inherited in position.Inherited)
        {
            if (done < LeftOf(inherited)) return (inherited.Rank % _options.Shards, inherited.Cursor + done);
            done -= LeftOf(inherited);
        }
        throw new ArgumentOutOfRangeException(nameof(position), position.Cursor, "The rank has done all its steps.");
    }

    private long LeftOf(InheritedCursor shard) => Math.Max(0, StepsPerShard - shard.Cursor);
}
