using System.CommandLine;
using System.CommandLine.Parsing;

namespace OrleansPs.Train;

/// <summary>The options that make some steps slow, as slow machines of a cluster would.</summary>
internal sealed class StragglerOptions(double stepTime, double probability)
{
    private const double DefaultFactor = 10;

    public Option<double?> StepTime { get; } = OptionKinds.Real("--step-time", 0, 60_000, "it must be a number of milliseconds from 0 to 60000.",
        $"Milliseconds that a step computes at least, 0 for as fast as it can [default: {stepTime:0}]");

    public Option<double?> Probability { get; } = OptionKinds.Real("--straggle-probability", 0, 1, "it must be a number from 0 to 1.",
        FormattableString.Invariant($"The probability that a step of any worker is slow [default: {probability:0.##}]"));

    public Option<double?> Factor { get; } = OptionKinds.Real("--straggle-factor", 1, 1000, "it must be a number from 1 to 1000.",
        $"By how much a slow step takes longer [default: {DefaultFactor:0}]");

    public Option<int?> LastingRank { get; } =
        OptionKinds.WholeOrNone("--lasting-rank", 0, 255, "A rank that is slow all the time, instead of steps that are slow now and then");

    public Option<double?> LastingFactor { get; } = OptionKinds.Real("--lasting-factor", 1, 1000, "it must be a number from 1 to 1000.",
        $"By how much its steps take longer [default: {DefaultFactor:0}]");

    public IEnumerable<Option> All => [StepTime, Probability, Factor, LastingRank, LastingFactor];

    /// <summary>What the options say; null for steps as fast as they can.</summary>
    public StragglerSettings? ToSettings(ParseResult result, int workers)
    {
        var step = result.GetValue(StepTime) ?? stepTime;
        var rank = result.GetValue(LastingRank);
        foreach (var option in (Option<double?>[])[Probability, Factor])
            Rule.Require(rank is null || result.GetValue(option) is null, option.Name, result.GetValue(option), "it does not go with --lasting-rank.");
        foreach (var option in (Option<double?>[])[Probability, Factor, LastingFactor])
            Rule.Require(step > 0 || result.GetValue(option) is null, option.Name, result.GetValue(option), "it needs a --step-time above 0.");
        Rule.Require(rank is not null || result.GetValue(LastingFactor) is null, "--lasting-factor", result.GetValue(LastingFactor), "it needs --lasting-rank.");
        Rule.Require(step > 0 || rank is null, "--lasting-rank", rank, "it needs a --step-time above 0.");
        Rule.Require(rank is null || rank < workers, "--lasting-rank", rank, $"it must be below --workers, which is {workers}.");
        if (step == 0) return null;
        return rank is null
            ? new(step, result.GetValue(Probability) ?? probability, result.GetValue(Factor) ?? DefaultFactor, null)
            : new(step, 1, result.GetValue(LastingFactor) ?? DefaultFactor, rank);
    }
}
