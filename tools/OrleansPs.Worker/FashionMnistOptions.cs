using System.CommandLine;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>The options of <c>orleansps-worker fashion-mnist</c>: those of the same training in one process, and who this worker is.</summary>
internal sealed class FashionMnistOptions() : TrainingOptions(epochs: 10, batch: 64, hidden: [256, 128])
{
    private static readonly string[] s_modes = ["bsp", "ssp", "asp"];

    private readonly Option<string?> _rank = OptionKinds.Path("--rank", "R", "The worker's rank, from 0; or several that this process plays, such as 0-3");

    public Option<string> Consistency { get; } = OptionKinds.Choice("--consistency", s_modes, "bsp", "How far workers may drift apart");

    public Option<string?> Model { get; } = OptionKinds.Path("--model", "NAME", "The model's name [default: fashion-mnist]");

    public Option<int?> SnapshotEvery { get; } =
        OptionKinds.WholeOrNone("--snapshot-every", 1, int.MaxValue, "Take a snapshot after so many clocks [default: once an epoch]");

    public Option<int> Lease { get; } =
        OptionKinds.Whole("--lease", 1, 3600, 10, "How many seconds the others wait for a worker that says nothing");

    public Option<string?> Export { get; } = OptionKinds.Path("--export", "FILE",
        "When all workers are done, write the parameters to a safetensors file");

    public override IEnumerable<Option> All =>
        [_rank, Consistency, .. base.All.Where(o => o != Report), Model, SnapshotEvery, Lease, Export];

    /// <summary>The ranks that this process plays.</summary>
    /// <exception cref="InvalidOptionsException">The option is no rank below the number of workers.</exception>
    public IReadOnlyList<int> RanksOf(ParseResult result)
    {
        var (text, workers) = (result.GetValue(_rank), result.GetValue(Workers));
        Rule.Require(text is not null, "--rank", null, $"say which of the {workers} workers this is, 0 to {workers - 1}.");
        var ends = text!.Split('-');
        var isWhole = ends.Length <= 2 & int.TryParse(ends[0], out var first) & int.TryParse(ends[^1], out var last);
        Rule.Require(isWhole && first >= 0 && first <= last && last < workers, "--rank", text, $"it must be 0 to {workers - 1}, or a range such as 0-{workers - 1}.");
        return [.. Enumerable.Range(first, last - first + 1)];
    }

    /// <summary>The settings of the training, which all workers must share.</summary>
    public RunSettings ToSettings(ParseResult result, LabeledImages images)
    {
        var consistency = result.GetValue(Consistency)!;
        Rule.Require(consistency == "ssp" || !IsGiven(result, Staleness),
            "--staleness", result.GetValue(Staleness), "it goes with --consistency ssp alone.");
        var settings = ToSettings(result, consistency) with { SnapshotEvery = result.GetValue(SnapshotEvery) ?? 0 };
        return settings.For(images, hasSnapshots: true);
    }

    /// <summary>The model's spec.</summary>
    public ModelSpec ToSpec(ParseResult result, RunSettings settings, LabeledImages images) => settings.ToSpec(images) with
    {
        Name = result.GetValue(Model) ?? RunSettings.ModelName,
        Lease = TimeSpan.FromSeconds(result.GetValue(Lease)),
    };
}
