using System.CommandLine;
using System.CommandLine.Parsing;

namespace OrleansPs.Train;

/// <summary>The options of a training that all commands share, each checking its own value.</summary>
internal class TrainingOptions
{
    private static readonly string[] s_optimizers = ["sgd", "adam", "adamw", "adagrad", "rmsprop"];
    private static readonly string[] s_schedules = ["cosine", "constant"];

    private readonly int[] _hidden;

    /// <summary>The options, with what commands have as their own defaults.</summary>
    public TrainingOptions(int epochs, int batch, int[] hidden)
    {
        _hidden = hidden;
        Epochs = OptionKinds.Whole("--epochs", 1, 100_000, epochs, "How often the training images are gone through");
        Batch = OptionKinds.Whole("--batch", 1, 65_536, batch, "Images in a worker's step");
        Hidden = OptionKinds.WholeListOrNone("--hidden", 1, 4096, 8,
            $"Units of the perceptron's hidden layers [default: {string.Join(',', hidden)}]");
    }

    public Option<int> Workers { get; } =
        OptionKinds.Whole("--workers", 1, 256, 4, "How many workers train, each on its own thread with its own share of the data");

    public Option<int?> Staleness { get; } = OptionKinds.WholeOrNone(
        "--staleness", 0, 1_000_000, "Under SSP, how many clocks the fastest worker may be ahead of the slowest [default: 3]");

    public Option<string> Optimizer { get; } = OptionKinds.Choice("--optimizer", s_optimizers, "adam", "How gradients change parameters");

    public Option<double?> Lr { get; } = OptionKinds.Real("--lr", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.",
        "The learning rate at the start [default: 0.001; for sgd 0.1, for adagrad 0.01]");

    public Option<double?> Momentum { get; } =
        OptionKinds.Real("--momentum", 0, 1, "it must be a number from 0 to 1.", "Of sgd and rmsprop [default: 0; for sgd 0.9 under BSP: stale gradients have a momentum of their own]");

    public Option<double?> WeightDecay { get; } = OptionKinds.Real(
        "--weight-decay", 0, 1000, "it must be a number from 0 to 1000.", "How strongly parameters are pulled to 0 [default: 0; for adamw 0.01]");

    public Option<string> Schedule { get; } =
        OptionKinds.Choice("--schedule", s_schedules, "cosine", "How the learning rate falls until the last epoch");

    public Option<int> Epochs { get; }

    public Option<int> Batch { get; }

    public Option<ulong> Seed { get; } = OptionKinds.Seed("--seed", 1, "What initial values, the order of the data and stragglers depend on");

    public Option<int[]?> Hidden { get; }

    public Option<int> BlockBytes { get; } =
        OptionKinds.Whole("--block-bytes", 4096, 64 << 20, 256 << 10, "The size of a parameter block, a multiple of 64");

    public Option<bool> Prefetch { get; } =
        OptionKinds.Switch("--prefetch", "Pull the next step's parameters while this one computes; adds to staleness, and does nothing under BSP");

    public Option<string?> Data { get; } = OptionKinds.Path("--data", "DIR",
        "Where the data set's four IDX files are [default: $ORLEANSPS_DATA, the Debian package's directory or the cache]");

    public Option<string?> Report { get; } = OptionKinds.Path("--report", "FILE", "Where the HTML report goes");

    /// <summary>All of them, in the order of the help.</summary>
    public virtual IEnumerable<Option> All =>
    [
        Workers, Staleness, Optimizer, Lr, Momentum, WeightDecay, Schedule, Epochs, Batch, Seed, Hidden, BlockBytes, Prefetch, Data, Report,
    ];

    /// <summary>Whether an option was given, other than by its default.</summary>
    public static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>The settings that the options say, apart from consistency, snapshots and stragglers.</summary>
    public RunSettings ToSettings(ParseResult result, string consistency)
    {
        var optimizer = result.GetValue(Optimizer)!;
        var workers = result.GetValue(Workers);
        Rule.Require(optimizer is "sgd" or "rmsprop" || !IsGiven(result, Momentum), "--momentum", result.GetValue(Momentum), "it goes with --optimizer sgd or rmsprop.");
        Rule.Require(result.GetValue(BlockBytes) % 64 == 0, "--block-bytes", result.GetValue(BlockBytes), "it must be a multiple of 64.");
        return new()
        {
            Workers = workers,
            Shards = workers,
            Consistency = consistency,
            Staleness = consistency == "ssp" ? result.GetValue(Staleness) ?? 3 : 0,
            Optimizer = optimizer,
            Lr = result.GetValue(Lr) ?? (optimizer switch { "sgd" => 0.1, "adagrad" => 0.01, _ => 0.001 }),
            Momentum = result.GetValue(Momentum) ?? (optimizer == "sgd" && consistency == "bsp" ? 0.9 : 0),
            WeightDecay = result.GetValue(WeightDecay) ?? (optimizer == "adamw" ? 0.01 : 0),
            Schedule = result.GetValue(Schedule)!,
            Epochs = result.GetValue(Epochs),
            Batch = result.GetValue(Batch),
            Seed = result.GetValue(Seed),
            Hidden = result.GetValue(Hidden) is { Length: > 0 } hidden ? hidden : _hidden,
            BlockBytes = result.GetValue(BlockBytes),
            Prefetch = result.GetValue(Prefetch),
        };
    }
}
