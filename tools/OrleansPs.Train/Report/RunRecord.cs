using OrleansPs.Training;

namespace OrleansPs.Train.Report;

/// <summary>
/// All that a report says about one training run: plain values, measured by whoever trained. Lists may be empty and
/// losses may be NaN or infinite; a report of such a run is a sparse page, not an error. All times are seconds of wall
/// clock since the run began.
/// </summary>
public sealed record RunRecord
{
    /// <summary>The heading of the page, as in "Fashion-MNIST, 4 workers, SSP(2)".</summary>
    public required string Title { get; init; }

    /// <summary>The model in a line, as in "MLP 784-256-128-10".</summary>
    public required string Model { get; init; }

    /// <summary>The data set's name, as in "Fashion-MNIST".</summary>
    public required string Dataset { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>Where it ran, in a line: processors, operating system, runtime.</summary>
    public required string Machine { get; init; }

    /// <summary>The consistency policy as it prints, with what goes with it: "BSP", "SSP(2)", "BSP + 1 backup" or "ASP, DC-ASGD". A comparison names its runs by it.</summary>
    public required string Consistency { get; init; }

    /// <summary>How many clocks the fastest worker may be ahead of the slowest: 0 under BSP, null for no bound (ASP).</summary>
    public required int? StalenessBound { get; init; }

    /// <summary>Under BSP, without how many of the slowest workers a round closed.</summary>
    public int BackupWorkers { get; init; }

    /// <summary>The rank that was made slow all the time; null for none.</summary>
    public int? LastingStraggler { get; init; }

    /// <summary>Which steps were made slow, in a clause, as in "each step takes 4 ms, rank 3 takes 5 times as long"; null for none.</summary>
    public string? Stragglers { get; init; }

    /// <summary>Names and values of the options of the run, in the order to show them.</summary>
    public IReadOnlyList<NamedValue> Options { get; init; } = [];

    /// <summary>One point for each evaluation, in the order of time.</summary>
    public IReadOnlyList<EpochPoint> Epochs { get; init; } = [];

    /// <summary>One point for each finished step of any worker, in the order of time; raw, the report smooths and thins.</summary>
    public IReadOnlyList<LossPoint> Losses { get; init; } = [];

    /// <summary>The workers, by rank.</summary>
    public IReadOnlyList<WorkerRecord> Workers { get; init; } = [];

    /// <summary>How often each staleness was seen, over all clocks of all workers; by rising staleness, zeros may be left out.</summary>
    public IReadOnlyList<StalenessCount> Staleness { get; init; } = [];

    /// <summary>The policies in the order in which they came in force; more than one if the policy changed while the model was trained.</summary>
    public IReadOnlyList<PolicySpan> Policies { get; init; } = [];

    /// <summary>How many snapshots were taken.</summary>
    public int Snapshots { get; init; }

    /// <summary>How long the run took.</summary>
    public double Seconds { get; init; }

    /// <summary>What the model is measured by.</summary>
    public EvaluationMetric Metric { get; init; } = EvaluationMetric.Accuracy;

    /// <summary>What the finished model shows beside its score; null for nothing.</summary>
    public Findings? Findings { get; init; }

    /// <summary>How good the finished model is, in the record's metric; null if it was not tested.</summary>
    public double? FinalScore { get; init; }

    /// <summary>Where the training diverged; null if it did not.</summary>
    public Divergence? Diverged { get; init; }

    /// <summary>The accuracy whose first reaching was timed, 0 to 1; null for none.</summary>
    public double? TargetAccuracy { get; init; }

    /// <summary>When the target was first seen reached; null if it was not, or there was none.</summary>
    public double? SecondsToTarget { get; init; }
}

/// <summary>Where a training diverged: it went no further, for a gradient was no number or infinite.</summary>
/// <param name="Rank">The rank of the worker that computed the gradient.</param>
/// <param name="Step">The rank's step, counted from 0.</param>
public sealed record Divergence(int Rank, long Step);

/// <summary>A policy that was in force for a part of a run.</summary>
/// <param name="Policy">The policy as it prints.</param>
/// <param name="StalenessBound">How many clocks the fastest worker may be ahead of the slowest; null for no bound.</param>
/// <param name="Epoch">After how many epochs it came in force.</param>
/// <param name="Seconds">When.</param>
/// <param name="Clocks">How many clocks workers were let through under it.</param>
/// <param name="MaxStaleness">The most clocks that one of them was ahead of the slowest then.</param>
public sealed record PolicySpan(string Policy, int? StalenessBound, double Epoch, double Seconds, long Clocks, long MaxStaleness);

/// <summary>An option of a run.</summary>
/// <param name="Name">Its name, as on the command line.</param>
/// <param name="Value">Its value, as it prints.</param>
public sealed record NamedValue(string Name, string Value);

/// <summary>An evaluation, usually at the end of an epoch.</summary>
/// <param name="Epoch">How many epochs were done; a fraction if evaluated within one.</param>
/// <param name="Seconds">When.</param>
/// <param name="TrainLoss">The mean loss of the epoch's steps.</param>
/// <param name="TestScore">How good the model was, in the record's metric; NaN if not tested.</param>
public readonly record struct EpochPoint(double Epoch, double Seconds, double TrainLoss, double TestScore);

/// <summary>The loss of one step.</summary>
/// <param name="Seconds">When the step was finished.</param>
/// <param name="Examples">How many examples all workers together had seen by then.</param>
/// <param name="Loss">The mean loss of the step's examples.</param>
public readonly record struct LossPoint(double Seconds, long Examples, double Loss);

/// <summary>What one worker did.</summary>
/// <param name="Rank">Its rank.</param>
/// <param name="Steps">How many steps it finished.</param>
/// <param name="Examples">How many examples were in them.</param>
/// <param name="Seconds">From its first step to its last.</param>
/// <param name="ComputeSeconds">Of these, computing, with what a straggler pattern adds.</param>
/// <param name="IdleSeconds">Of these, waiting for other workers at the gate. What is left over is transfer: pulling and pushing.</param>
/// <param name="MaxStaleness">The most clocks it was ahead of the slowest.</param>
/// <param name="MeanStaleness">How many clocks it was ahead on average.</param>
/// <param name="FinalLoss">The loss of its last step.</param>
/// <param name="Restarts">How often it was started again.</param>
public sealed record WorkerRecord(
    int Rank, long Steps, long Examples, double Seconds, double ComputeSeconds, double IdleSeconds,
    long MaxStaleness, double MeanStaleness, double FinalLoss, int Restarts = 0)
{
    /// <summary>How many rounds closed without it: a step for each of them did not count, and was done again.</summary>
    public long RoundsMissed { get; init; }

    /// <summary>Pulling and pushing: what is neither computing nor idle.</summary>
    public double TransferSeconds => Math.Max(0, Seconds - ComputeSeconds - IdleSeconds);
}

/// <summary>A bar of the staleness histogram.</summary>
/// <param name="Staleness">How many clocks a worker was ahead of the slowest when it was let through.</param>
/// <param name="Clocks">How many clocks had it.</param>
public readonly record struct StalenessCount(long Staleness, long Clocks);
