using System.CommandLine;
using System.CommandLine.Parsing;

namespace OrleansPs.Train;

/// <summary>The options of a training with one consistency policy, which may keep snapshots and go on from them.</summary>
internal sealed class RunOptions(JobOptions job) : TrainingOptions(job)
{
    private static readonly string[] s_modes = ["bsp", "ssp", "asp"];

    public Option<string> Consistency { get; } = OptionKinds.Choice("--consistency", s_modes, "bsp", "How far workers may drift apart");

    public Option<PolicySwitch[]?> Switches { get; } = OptionKinds.Switches("--switch",
        "Change --consistency while the training runs: bsp, asp or ssp:N, each with the epoch from which on it holds, such as ssp:2@1,asp@2,bsp@3");

    public Option<string?> Snapshots { get; } = OptionKinds.Path("--snapshots", "DIR", "Keep snapshots in this directory");

    public Option<int?> SnapshotEvery { get; } =
        OptionKinds.WholeOrNone("--snapshot-every", 1, int.MaxValue, "Take one after so many clocks [default: once an epoch]");

    public Option<bool> Resume { get; } = OptionKinds.Switch(
        "--resume", "Go on from the newest good snapshot; options that are not given are those that the training was started with");

    public Option<string?> Init { get; } = OptionKinds.Path("--init", "FILE", "Begin with the parameters and rows of a safetensors file, such as an --export");

    public Option<string?> Export { get; } = OptionKinds.Path("--export", "FILE", "Write the parameters, or the tables' keys and rows, to a safetensors file at the end");

    public Option<string?> Svg { get; } = OptionKinds.Svg();

    public MitigationOptions Mitigation { get; } = new(job.HasParameters);

    public StragglerOptions Stragglers { get; } = new(stepTime: 0, probability: 0);

    public override IEnumerable<Option> All =>
        [Consistency, Switches, .. Mitigation.All, .. base.All, Svg, Snapshots, SnapshotEvery, Resume, Init, Export, .. Stragglers.All];

    /// <summary>The files that the training leaves.</summary>
    /// <exception cref="InvalidOptionsException">One can't be written.</exception>
    public RunFiles FilesOf(ParseResult result)
    {
        var files = new RunFiles(
            result.GetValue(Report) ?? $"{Job.Name}.html", result.GetValue(Svg), result.GetValue(Export));
        Rule.RequireWritable("--report", files.Report);
        Rule.RequireWritable("--svg", files.Svg);
        Rule.RequireWritable("--export", files.Export);
        return files;
    }

    /// <summary>Where the training begins.</summary>
    public RunBeginning BeginningOf(ParseResult result) =>
        new(result.GetValue(Snapshots), result.GetValue(Resume), result.GetValue(Init), !Job.HasParameters && result.GetValue(Export) is not null);

    /// <summary>Checks what the options say together.</summary>
    /// <exception cref="InvalidOptionsException">They break a rule.</exception>
    /// <exception cref="SnapshotStorageException">There is nothing to resume.</exception>
    public RunSettings ToSettings(ParseResult result)
    {
        var snapshots = result.GetValue(Snapshots);
        var every = result.GetValue(SnapshotEvery);
        var resume = result.GetValue(Resume);
        Rule.Require(snapshots is not null || !resume, "--resume", "on", "it needs --snapshots.");
        Rule.Require(!resume || BeginningOf(result).Init is null, "--init", BeginningOf(result).Init, "it does not go with --resume.");
        Rule.Require(snapshots is not null || every is null, "--snapshot-every", every, "it needs --snapshots.");
        Rule.Require(snapshots is null || !File.Exists(snapshots), "--snapshots", snapshots, "it must be a directory, not a file.");
        var settings = resume ? Resumed(result, Job.ReadSaved(snapshots!)) : Fresh(result);
        Rule.Require(settings.Switches.All(s => s.Epoch < settings.Epochs), "--switch", string.Join<PolicySwitch>(',', settings.Switches),
            $"all of its epochs must be below --epochs, which is {settings.Epochs}.");
        return settings;
    }

    private RunSettings Fresh(ParseResult result)
    {
        var consistency = result.GetValue(Consistency)!;
        Rule.Require(consistency == "ssp" || !IsGiven(result, Staleness),
            "--staleness", result.GetValue(Staleness), "it goes with --consistency ssp alone.");
        var settings = Mitigation.AddTo(ToSettings(result, consistency), result);
        return settings with
        {
            Switches = result.GetValue(Switches) ?? [],
            SnapshotEvery = result.GetValue(SnapshotEvery) ?? 0,
            Stragglers = Stragglers.ToSettings(result, settings.Workers),
        };
    }

    // What the snapshot's parameters, optimizer state and cursors depend on stays; the rest may change.
    private RunSettings Resumed(ParseResult result, RunSettings saved)
    {
        KeepAll(result, saved);
        var workers = IsGiven(result, Workers) ? result.GetValue(Workers) : saved.Workers;
        var epochs = IsGiven(result, Epochs) ? result.GetValue(Epochs) : saved.Epochs;
        Rule.Require(workers <= saved.Workers, "--workers", workers, $"at most the {saved.Workers} workers of the snapshot can go on.");
        Rule.Require(workers > saved.BackupWorkers, "--workers", workers, $"it must be above --backup-workers, which is {saved.BackupWorkers}.");
        Rule.Require(epochs <= saved.Epochs || saved.Schedule == "constant", "--epochs", epochs,
            $"the learning rate of the training that is resumed falls to 0 within {saved.Epochs} epochs.");
        return saved with
        {
            Workers = workers,
            Epochs = epochs,
            Switches = result.GetValue(Switches) is { Length: > 0 } given ? given : saved.Switches,
            Prefetch = result.GetValue(Prefetch) || saved.Prefetch,
            Stragglers = Stragglers.All.Any(o => IsGiven(result, o)) ? Stragglers.ToSettings(result, workers) : saved.Stragglers,
        };
    }

    private void KeepAll(ParseResult result, RunSettings saved)
    {
        JobOptions.Keep(result, Consistency, saved.Consistency);
        JobOptions.Keep(result, Staleness, saved.Staleness);
        Mitigation.KeepAll(result, saved);
        Job.KeepAll(result, saved);
        JobOptions.Keep(result, Batch, saved.Batch);
        JobOptions.Keep(result, Seed, saved.Seed);
        JobOptions.Keep(result, BlockBytes, saved.BlockBytes);
        if (Job.HasParameters) JobOptions.Keep(result, Compression, saved.Compression);
        JobOptions.Keep(result, SnapshotEvery, saved.SnapshotEvery);
    }
}
