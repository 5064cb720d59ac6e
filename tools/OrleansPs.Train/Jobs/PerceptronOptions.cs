using System.CommandLine;
using System.Text.Json.Serialization;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>The settings of a training on Fashion-MNIST.</summary>
internal sealed record PerceptronSettings : RunSettings
{
    public string Optimizer { get; init; } = "adam";

    public double Lr { get; init; }

    public double Momentum { get; init; }

    public double WeightDecay { get; init; }

    public int[] Hidden { get; init; } = [256, 128];

    public override string Summary() => Optimizer;

    [JsonIgnore]
    public bool HasMomentum => Optimizer is "sgd" or "rmsprop";

    public ImageClassification ToJob(FashionMnist data) => new(data.Train, data.Test, Hidden, ToOptimizer());

    private Optimizer ToOptimizer() => Optimizer switch
    {
        "sgd" => OrleansPs.Optimizer.Sgd(Lr, Momentum, weightDecay: WeightDecay),
        "adam" => OrleansPs.Optimizer.Adam(Lr, weightDecay: WeightDecay),
        "adagrad" => OrleansPs.Optimizer.Adagrad(Lr, weightDecay: WeightDecay),
        "rmsprop" => OrleansPs.Optimizer.RmsProp(Lr, momentum: Momentum, weightDecay: WeightDecay),
        _ => OrleansPs.Optimizer.AdamW(Lr, weightDecay: WeightDecay),
    };
}

/// <summary>The job <c>fashion-mnist</c>: a perceptron learns the classes of images.</summary>
internal sealed class PerceptronOptions(int epochs, int batch, int[] hidden) : JobOptions
{
    public const string JobName = "fashion-mnist";

    private static readonly string[] s_optimizers = ["sgd", "adam", "adamw", "adagrad", "rmsprop"];

    private readonly Option<string> _optimizer = OptionKinds.Choice("--optimizer", s_optimizers, "adam", "How gradients change parameters");

    private readonly Option<double?> _lr = OptionKinds.Real("--lr", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.",
        "The learning rate at the start [default: 0.001; for sgd 0.1, for adagrad 0.01]");

    private readonly Option<double?> _momentum = OptionKinds.Real("--momentum", 0, 1, "it must be a number from 0 to 1.",
        "Of sgd and rmsprop [default: 0; for sgd 0.9 under BSP: stale gradients have a momentum of their own]");

    private readonly Option<double?> _weightDecay = OptionKinds.Real(
        "--weight-decay", 0, 1000, "it must be a number from 0 to 1000.", "How strongly parameters are pulled to 0 [default: 0; for adamw 0.01]");

    private readonly Option<string> _schedule = OptionKinds.Schedule("cosine");

    private readonly Option<int[]?> _hidden = OptionKinds.WholeListOrNone("--hidden", 1, 4096, 8,
        $"Units of the perceptron's hidden layers [default: {string.Join(',', hidden)}]");

    public PerceptronOptions()
        : this(epochs: 10, batch: 64, hidden: [256, 128]) { }

    public override string Name => JobName;

    public override string Description => "Train a perceptron on Fashion-MNIST";

    public override string DataHelp => "Where the data set's four IDX files are [default: $ORLEANSPS_DATA, the Debian package's directory or the cache]";

    public override string Examples => "images";

    public override int Epochs => epochs;

    public override int Batch => batch;

    public override bool HasParameters => true;

    protected override IReadOnlyList<Entry> Entries =>
    [
        Own(_optimizer, s => Own(s).Optimizer), Own(_lr, s => Own(s).Lr), Own(_momentum, s => Own(s).Momentum, s => Own(s).HasMomentum), Own(_weightDecay, s => Own(s).WeightDecay),
        Own(_schedule, s => s.Schedule), Own(_hidden, s => Own(s).Hidden),
    ];

    public override RunSettings ToSettings(ParseResult result, string consistency)
    {
        var optimizer = result.GetValue(_optimizer)!;
        Rule.Require(optimizer is "sgd" or "rmsprop" || result.GetResult(_momentum) is not { Implicit: false },
            "--momentum", result.GetValue(_momentum), "it goes with --optimizer sgd or rmsprop.");
        return new PerceptronSettings
        {
            Optimizer = optimizer,
            Lr = result.GetValue(_lr) ?? (optimizer switch { "sgd" => 0.1, "adagrad" => 0.01, _ => 0.001 }),
            Momentum = result.GetValue(_momentum) ?? (optimizer == "sgd" && consistency == "bsp" ? 0.9 : 0),
            WeightDecay = result.GetValue(_weightDecay) ?? (optimizer == "adamw" ? 0.01 : 0),
            Schedule = result.GetValue(_schedule)!,
            Hidden = result.GetValue(_hidden) is { Length: > 0 } units ? units : hidden,
        };
    }

    public override LoadedJob Load(RunSettings settings, string path)
    {
        var data = FashionMnist.Load(path);
        var job = Own(settings).ToJob(data);
        return new(job, "Fashion-MNIST", $"MLP {string.Join('-', job.Sizes)}",
            FormattableString.Invariant($"{data.Train.Count:#,0} images to train with, {data.Test.Count:#,0} to test with"));
    }

    public override RunSettings ReadSaved(string directory) => SavedSettings.Read<PerceptronSettings>(directory);

    private static PerceptronSettings Own(RunSettings settings) => (PerceptronSettings)settings;
}
