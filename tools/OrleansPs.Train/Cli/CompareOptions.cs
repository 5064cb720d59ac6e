using System.CommandLine;

namespace OrleansPs.Train;

/// <summary>The options of <c>train compare</c>.</summary>
/// <remarks>
/// A step computes far less than it takes, so that even two processors are idle most of the time: what the runs differ
/// in is waiting alone. The target is low enough for all three to pass it well before they end.
/// </remarks>
internal sealed class CompareOptions() : TrainingOptions(new PerceptronOptions(epochs: 3, batch: 128, hidden: [32]))
{
    public Option<double> Target { get; } = OptionKinds.RealWithDefault("--target", 0, 100, "it must be a number from 0 to 100.", 80,
        "A test accuracy in percent; the time until it is reached is compared");

    public Option<string?> Svg { get; } = OptionKinds.Path("--svg", "FILE", "Write the curves to an SVG picture, too");

    public StragglerOptions Stragglers { get; } = new(stepTime: 40, probability: 0.1);

    public override IEnumerable<Option> All => [.. base.All, .. Stragglers.All, Target, Svg];

    /// <summary>The settings of each run, which differ in their consistency alone.</summary>
    public IReadOnlyList<RunSettings> ToSettings(ParseResult result)
    {
        var stragglers = Stragglers.ToSettings(result, result.GetValue(Workers));
        return [.. ((string[])["bsp", "ssp", "asp"]).Select(mode => ToSettings(result, mode) with { Stragglers = stragglers })];
    }
}
