using System.CommandLine;

namespace OrleansPs.Train;

/// <summary>The options of <c>train compare</c>.</summary>
/// <remarks>
/// A step computes far less than it takes, so that even two processors are idle most of the time: what the runs differ
/// in is waiting alone. The target is low enough for BSP, SSP and ASP to pass it well before they end.
/// </remarks>
internal sealed class CompareOptions() : TrainingOptions(new PerceptronOptions(epochs: 3, batch: 128, hidden: [32]))
{
    public Option<double> Target { get; } = OptionKinds.RealWithDefault("--target", 0, 100, "it must be a number from 0 to 100.", 80,
        "A test accuracy in percent; the time until it is reached is compared");

    public Option<string?> Svg { get; } = OptionKinds.Svg();

    public Option<RunKind[]> Runs { get; } = OptionKinds.Runs("--runs", "bsp,ssp,asp",
        "What is compared with the first: bsp, bsp+1 (with 1 or more backup workers), ssp, asp, asp+lr (staleness-aware learning rate), asp+dc (DC-ASGD)");

    public Option<double?> DcLambda { get; } = MitigationOptions.Lambda();

    public StragglerOptions Stragglers { get; } = new(stepTime: 40, probability: 0.1);

    public override IEnumerable<Option> All => [Runs, DcLambda, .. base.All, .. Stragglers.All, Target, Svg];

    /// <summary>The settings of each run, which differ in their consistency and what goes with it alone.</summary>
    /// <exception cref="InvalidOptionsException">They break a rule.</exception>
    public IReadOnlyList<RunSettings> ToSettings(ParseResult result)
    {
        var runs = result.GetRequiredValue(Runs);
        var (workers, lambda) = (result.GetValue(Workers), result.GetValue(DcLambda));
        foreach (var run in runs)
            Rule.Require(run.BackupWorkers < workers, "--runs", run.Name, $"its backup workers must be fewer than --workers, which is {workers}.");
        Rule.Require(lambda is null || runs.Any(run => run.Compensation == "dc"), "--dc-lambda", lambda, "it goes with a run such as asp+dc alone.");
        Rule.Require(!IsGiven(result, Staleness) || runs.Any(run => run.Consistency == "ssp"), "--staleness", result.GetValue(Staleness), "it goes with a run under ssp alone.");
        var stragglers = Stragglers.ToSettings(result, workers);
        return [.. runs.Select(run => ToSettings(result, run.Consistency) with
        {
            BackupWorkers = run.BackupWorkers,
            Compensation = run.Compensation,
            DcLambda = run.Compensation == "dc" ? lambda ?? RunSettings.DefaultDcLambda : 0,
            Stragglers = stragglers,
        })];
    }
}
