using System.Text.Json.Serialization;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>All that decides what a training does, apart from where its files are; each job has more of it.</summary>
internal abstract record RunSettings
{
    /// <summary>The strength of DC-ASGD by default.</summary>
    public const double DefaultDcLambda = 0.04;

    // In one process no worker dies alone: a lease could only run out because the machine is busy.
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(5);

    public int Workers { get; init; } = 4;

    /// <summary>Into how many shards the data is cut: the number of workers that the training started with.</summary>
    public int Shards { get; init; } = 4;

    public string Consistency { get; init; } = "bsp";

    public int Staleness { get; init; }

    /// <summary>The consistency policies that follow the first, by rising epoch.</summary>
    public PolicySwitch[] Switches { get; init; } = [];

    /// <summary>Under BSP, without how many of the slowest workers a round closes.</summary>
    public int BackupWorkers { get; init; }

    /// <summary>Under SSP and ASP, what is done about stale gradients: none, lr or dc.</summary>
    public string Compensation { get; init; } = "none";

    /// <summary>The strength of DC-ASGD; 0 for other compensation.</summary>
    public double DcLambda { get; init; }

    public string Schedule { get; init; } = "cosine";

    /// <summary>Over how many clocks the learning rate falls; 0 for all epochs.</summary>
    public long ScheduleClocks { get; init; }

    public int Epochs { get; init; } = 10;

    public int Batch { get; init; } = 64;

    public ulong Seed { get; init; } = 1;

    public int BlockBytes { get; init; } = ModelSpec.DefaultBlockBytes;

    /// <summary>How gradients of dense parameters are sent: none, bf16, int8, topk or onebit.</summary>
    public string Compression { get; init; } = "none";

    public bool Prefetch { get; init; }

    public int SnapshotEvery { get; init; }

    public StragglerSettings? Stragglers { get; init; }

    [JsonIgnore]
    public ConsistencyPolicy Policy => PolicyText.Of(Consistency, Staleness);

    /// <summary>The policy, or several, with what goes with it, as in "BSP + 1 backup", "ASP, DC-ASGD" and "BSP, then ASP".</summary>
    [JsonIgnore]
    public string Label => string.Join(", then ", [Policy, .. Switches.Select(s => s.ToPolicy())]) + (BackupWorkers, Compensation) switch
    {
        (1, _) => " + 1 backup",
        ( > 1, _) => FormattableString.Invariant($" + {BackupWorkers} backups"),
        (_, "lr") => ", staleness-aware lr",
        (_, "dc") => ", DC-ASGD",
        _ => "",
    };

    /// <summary>How many clocks the fastest worker may be ahead, under any of its policies; null for no bound.</summary>
    [JsonIgnore]
    public int? StalenessBound => Consistency == "asp" || Switches.Any(s => s.Consistency == "asp") ? null
        : Switches.Select(s => s.Staleness).Append(Policy.Staleness).Max();

    /// <summary>How gradients change the model, in a few words.</summary>
    public abstract string Summary();

    /// <summary>The settings with what depends on how much data there is.</summary>
    /// <exception cref="InvalidOptionsException">There is too little data.</exception>
    public RunSettings For(JobOptions options, ITrainingJob job, bool hasSnapshots)
    {
        Rule.Require((long)Shards * Batch <= job.Examples, "--batch", Batch,
            $"{Shards} workers take as many {options.Examples} each in a step, of {job.Examples} in all.");
        var plan = new BatchPlan(job.Examples, ToTrainerOptions());
        return this with
        {
            ScheduleClocks = ScheduleClocks == 0 ? plan.StepsPerShard : ScheduleClocks,
            SnapshotEvery = hasSnapshots && SnapshotEvery == 0 ? plan.StepsPerEpoch : SnapshotEvery,
        };
    }

    public TrainerOptions ToTrainerOptions() => new()
    {
        Epochs = Epochs,
        BatchSize = Batch,
        Shards = Shards,
        Seed = Seed,
        Prefetch = Prefetch,
        Stragglers = Stragglers?.ToPattern(Seed),
    };

    /// <summary>The spec of a job's model.</summary>
    public ModelSpec ToSpec(ITrainingJob job, string name) => job.ToSpec(name, Batch) with
    {
        Schedule = Schedule == "cosine" ? LearningRateSchedule.Cosine(ScheduleClocks) : LearningRateSchedule.Constant,
        Consistency = Policy,
        BackupWorkers = BackupWorkers,
        Compensation = Compensation switch
        {
            "lr" => StalenessCompensation.ByLr(),
            "dc" => StalenessCompensation.DcAsgd(DcLambda),
            _ => StalenessCompensation.None,
        },
        Compression = Compression switch
        {
            "bf16" => GradientCompression.Bf16,
            "int8" => GradientCompression.Int8,
            "topk" => GradientCompression.TopK(),
            "onebit" => GradientCompression.OneBit,
            _ => GradientCompression.None,
        },
        Durability = DurabilityPolicy.Snapshot(SnapshotEvery),
        Workers = Workers,
        Seed = Seed,
        BlockBytes = BlockBytes,
        Lease = s_lease,
    };
}

/// <summary>Which steps are made slow, and by how much.</summary>
/// <param name="StepMilliseconds">How long an ordinary step computes at least.</param>
/// <param name="Probability">The probability that a step of any rank is slow.</param>
/// <param name="Factor">By how much a slow step takes longer.</param>
/// <param name="LastingRank">The one rank that is slow all the time; null for passing stragglers.</param>
internal sealed record StragglerSettings(double StepMilliseconds, double Probability, double Factor, int? LastingRank)
{
    public StragglerPattern ToPattern(ulong seed)
    {
        var step = TimeSpan.FromMilliseconds(StepMilliseconds);
        return LastingRank is { } rank ? StragglerPattern.Lasting(step, rank, Factor)
            : Probability > 0 ? StragglerPattern.Passing(step, Probability, Factor, seed)
            : StragglerPattern.None(step);
    }

    public override string ToString()
    {
        var step = FormattableString.Invariant($"each step takes {StepMilliseconds:0.##} ms");
        return LastingRank is { } rank ? FormattableString.Invariant($"{step}, rank {rank} takes {Factor:0.##} times as long")
            : Probability > 0 ? FormattableString.Invariant($"{step}, {100 * Probability:0.##}% of them take {Factor:0.##} times as long")
            : step;
    }
}
