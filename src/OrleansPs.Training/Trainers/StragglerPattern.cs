namespace OrleansPs.Training;

/// <summary>
/// How long the computing of each step takes at least: the machines of a cluster, acted out on one. A pure function of
/// rank and step, so that runs under different consistency policies meet the same stragglers.
/// </summary>
public sealed record StragglerPattern
{
    private StragglerPattern(TimeSpan stepTime, double factor, double probability, int? rank, ulong seed)
    {
        TrainerOptions.Require(stepTime > TimeSpan.Zero && stepTime <= TimeSpan.FromMinutes(1),
            nameof(StepTime), stepTime, "it must be above 0 and at most 1 minute.");
        TrainerOptions.Require(factor is >= 1 and <= 1000, nameof(Factor), factor, "it must be 1 to 1,000.");
        TrainerOptions.Require(probability is >= 0 and <= 1, nameof(Probability), probability, "it must be 0 to 1.");
        StepTime = stepTime;
        Factor = factor;
        Probability = probability;
        Rank = rank;
        Seed = seed;
    }

    /// <summary>How long an ordinary step computes.</summary>
    public TimeSpan StepTime { get; }

    /// <summary>By how much a straggler's step takes longer.</summary>
    public double Factor { get; }

    /// <summary>The probability that a step straggles; 1 for a lasting straggler.</summary>
    public double Probability { get; }

    /// <summary>The one rank that straggles, or null for all.</summary>
    public int? Rank { get; }

    /// <summary>What decides which steps straggle.</summary>
    public ulong Seed { get; }

    /// <summary>Every step of every rank takes the same time.</summary>
    /// <param name="stepTime">How long, up to 1 minute.</param>
    public static StragglerPattern None(TimeSpan stepTime) => new(stepTime, 1, 0, null, 0);

    /// <summary>Now this step is slow, now that one: any rank may straggle for one step.</summary>
    /// <param name="stepTime">How long an ordinary step computes, up to 1 minute.</param>
    /// <param name="probability">The probability that a step is slow, 0 to 1.</param>
    /// <param name="factor">By how much, 1 to 1,000.</param>
    /// <param name="seed">What decides which.</param>
    /// <exception cref="InvalidOptionsException">A value is out of its range.</exception>
    public static StragglerPattern Passing(TimeSpan stepTime, double probability, double factor, ulong seed) =>
        new(stepTime, factor, probability, null, seed);

    /// <summary>One rank is slower than the others, all the time.</summary>
    /// <param name="stepTime">How long an ordinary step computes, up to 1 minute.</param>
    /// <param name="rank">The slow rank.</param>
    /// <param name="factor">By how much, 1 to 1,000.</param>
    /// <exception cref="InvalidOptionsException">A value is out of its range.</exception>
    public static StragglerPattern Lasting(TimeSpan stepTime, int rank, double factor) => new(stepTime, factor, 1, rank, 0);

    /// <summary>How long the computing of a step takes at least.</summary>
    public TimeSpan TimeOf(int rank, long step) => IsSlow(rank, step) ? StepTime * Factor : StepTime;

    private bool IsSlow(int rank, long step)
    {
        if (Rank is not null && Rank != rank) return false;
        var random = new SplitMix64(SplitMix64.Mix(SplitMix64.Mix(Seed + (ulong)rank) + (ulong)step));
        return random.NextUnit() < Probability;
    }
}
