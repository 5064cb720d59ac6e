using System.CommandLine;
using System.Globalization;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>The options of one process of a training: those of the same training in one process, and who this worker is.</summary>
internal sealed class RankOptions : TrainingOptions
{
    private static readonly string[] s_modes = ["bsp", "ssp", "asp"];
    private static readonly string[] s_durabilities = ["snapshot", "replicated"];

    private readonly Option<string?> _rank = OptionKinds.Path("--rank", "R", "The worker's rank, from 0; or several that this process plays, such as 0-3");

    private readonly Option<int?> _maxSteps = OptionKinds.WholeOrNone("--max-steps", 1, int.MaxValue,
        "Leave after so many steps of a rank; who joins as it later goes on there [default: all steps]");

    private readonly Option<int> _patience = OptionKinds.Whole("--patience", 1, 86_400, 60,
        "At the end, how many seconds to wait for workers that get no further");

    private readonly Option<bool> _evaluate = OptionKinds.Switch("--evaluate",
        "When all workers are done, evaluate the model; who plays rank 0 does it anyway");

    private readonly Option<string?> _export = OptionKinds.Path("--export", "FILE",
        "When all workers are done, write the parameters to a safetensors file");

    private readonly MitigationOptions _mitigation;

    private readonly StragglerOptions _stragglers = new(stepTime: 0, probability: 0);

    public RankOptions(JobOptions job)
        : base(job)
    {
        Model = OptionKinds.Path("--model", "NAME", $"The model's name [default: {job.Name}]");
        _mitigation = new(job.HasParameters);
        _rank.Aliases.Add("--ranks");
        Workers.Description = "How many workers the training has, in all processes together";
    }

    public Option<string> Consistency { get; } = OptionKinds.Choice("--consistency", s_modes, "bsp", "How far workers may drift apart");

    public Option<string> Durability { get; } = OptionKinds.Choice("--durability", s_durabilities, "snapshot",
        "What the death of a silo costs: a step back to the newest snapshot, or nothing, for twice the memory and traffic");

    public Option<string?> Model { get; }

    public Option<int?> SnapshotEvery { get; } =
        OptionKinds.WholeOrNone("--snapshot-every", 1, int.MaxValue, "Take a snapshot after so many clocks [default: once an epoch]");

    public Option<int> Lease { get; } =
        OptionKinds.Whole("--lease", 1, 3600, 10, "How many seconds the others wait for a worker that says nothing");

    public override IEnumerable<Option> All =>
    [
        _rank, Consistency, .. _mitigation.All, .. base.All.Where(o => o != Report), Model, Durability, SnapshotEvery, Lease, _maxSteps, _evaluate, .. Job.HasParameters ? [_export] : Array.Empty<Option>(), _patience,
        .. _stragglers.All,
    ];

    /// <summary>Which part of the training this process does.</summary>
    /// <exception cref="InvalidOptionsException">The ranks are none below the number of workers.</exception>
    public JobPart ToPart(ParseResult result)
    {
        var ranks = RanksOf(result);
        var export = Job.HasParameters ? result.GetValue(_export) : null;
        return new(ranks, result.GetValue(_maxSteps), result.GetValue(_evaluate) || export is not null || ranks.Contains(0), export,
            TimeSpan.FromSeconds(result.GetValue(_patience)));
    }

    /// <summary>The settings of the training, which all workers must share.</summary>
    /// <exception cref="InvalidOptionsException">They break a rule.</exception>
    public RunSettings ToSettings(ParseResult result)
    {
        var consistency = result.GetValue(Consistency)!;
        Rule.Require(consistency == "ssp" || !IsGiven(result, Staleness),
            "--staleness", result.GetValue(Staleness), "it goes with --consistency ssp alone.");
        var settings = _mitigation.AddTo(ToSettings(result, consistency), result);
        return settings with
        {
            SnapshotEvery = result.GetValue(SnapshotEvery) ?? 0,
            Stragglers = _stragglers.ToSettings(result, settings.Workers),
        };
    }

    /// <summary>The model's spec.</summary>
    public ModelSpec ToSpec(ParseResult result, RunSettings settings, ITrainingJob job) => settings.ToSpec(job, result.GetValue(Model) ?? Job.Name) with
    {
        Durability = result.GetValue(Durability) == "replicated"
            ? DurabilityPolicy.Replicated(settings.SnapshotEvery)
            : DurabilityPolicy.Snapshot(settings.SnapshotEvery),
        Lease = TimeSpan.FromSeconds(result.GetValue(Lease)),
    };

    private IReadOnlyList<int> RanksOf(ParseResult result)
    {
        var (text, workers) = (result.GetValue(_rank), result.GetValue(Workers));
        Rule.Require(text is not null, _rank.Name, null, $"say which of the {workers} workers this is, 0 to {workers - 1}.");
        var ends = text!.Replace("..", "-", StringComparison.Ordinal).Split('-');
        var areRanks = ends.Length <= 2 & IsWhole(ends[0], out var first) & IsWhole(ends[^1], out var last);
        Rule.Require(areRanks && first <= last && last < workers, _rank.Name, text,
            $"it must be 0 to {workers - 1}, or a range such as 0-{workers - 1}.");
        return [.. Enumerable.Range(first, last - first + 1)];
    }

    private static bool IsWhole(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
