using System.CommandLine;
using System.CommandLine.Parsing;

namespace OrleansPs.Train;

/// <summary>The options of a training that all commands share, each checking its own value.</summary>
internal class TrainingOptions
{
    /// <summary>The options of a training of a kind of job.</summary>
    public TrainingOptions(JobOptions job)
    {
        Job = job;
        Epochs = OptionKinds.Whole("--epochs", 1, 100_000, job.Epochs, $"How often the {job.Examples} to train with are gone through");
        Batch = OptionKinds.Whole("--batch", 1, 65_536, job.Batch, $"How many {job.Examples} are in a worker's step");
        Data = OptionKinds.Path("--data", "PATH", job.DataHelp);
    }

    /// <summary>The kind of job, with its own options.</summary>
    public JobOptions Job { get; }

    public Option<int> Workers { get; } =
        OptionKinds.Whole("--workers", 1, 256, 4, "How many workers train, each on its own thread with its own share of the data");

    public Option<int?> Staleness { get; } = OptionKinds.WholeOrNone(
        "--staleness", 0, 1_000_000, "Under SSP, how many clocks the fastest worker may be ahead of the slowest [default: 3]");

    public Option<int> Epochs { get; }

    public Option<int> Batch { get; }

    public Option<ulong> Seed { get; } = OptionKinds.Seed("--seed", 1, "What initial values, the order of the data and stragglers depend on");

    public Option<int> BlockBytes { get; } =
        OptionKinds.Whole("--block-bytes", 4096, 64 << 20, 256 << 10, "The size of a parameter block, a multiple of 64");

    public Option<string> Compression { get; } = OptionKinds.Choice("--compression", ["none", "bf16", "int8", "topk", "onebit"], "none",
        "How gradients are sent: as float32, in 16 or 8 bits, the hundredth of them that is largest, or their signs; the last two keep what they leave out for the next step");

    public Option<bool> Prefetch { get; } =
        OptionKinds.Switch("--prefetch", "Pull the next step's parameters while this one computes; adds to staleness, and does nothing under BSP");

    public Option<string?> Data { get; }

    public Option<string?> Report { get; } = OptionKinds.Path("--report", "FILE", "Where the HTML report goes");

    /// <summary>All of them, in the order of the help.</summary>
    public virtual IEnumerable<Option> All =>
    [
        Workers, Staleness, .. Job.All, Epochs, Batch, Seed, BlockBytes, .. Job.HasParameters ? [Compression] : Array.Empty<Option>(), Prefetch, Data, Report,
    ];

    /// <summary>Whether an option was given, other than by its default.</summary>
    public static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>The settings that the options say, apart from snapshots, stragglers and what lessens their cost.</summary>
    public RunSettings ToSettings(ParseResult result, string consistency)
    {
        var workers = result.GetValue(Workers);
        Rule.Require(result.GetValue(BlockBytes) % 64 == 0, "--block-bytes", result.GetValue(BlockBytes), "it must be a multiple of 64.");
        return Job.ToSettings(result, consistency) with
        {
            Workers = workers,
            Shards = workers,
            Consistency = consistency,
            Staleness = consistency == "ssp" ? result.GetValue(Staleness) ?? 3 : 0,
            Epochs = result.GetValue(Epochs),
            Batch = result.GetValue(Batch),
            Seed = result.GetValue(Seed),
            BlockBytes = result.GetValue(BlockBytes),
            Compression = Job.HasParameters ? result.GetValue(Compression)! : "none",
            Prefetch = result.GetValue(Prefetch),
        };
    }
}
