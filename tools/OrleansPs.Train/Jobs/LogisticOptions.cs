using System.CommandLine;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>The settings of a logistic regression.</summary>
internal sealed record LogisticSettings : RunSettings
{
    public double Alpha { get; init; }

    public double Beta { get; init; }

    public double L1 { get; init; }

    public double L2 { get; init; }

    public int Bits { get; init; }

    public double TestShare { get; init; }

    public override string Summary() => FormattableString.Invariant($"FTRL alpha {Alpha} beta {Beta} l1 {L1} l2 {L2}");
}

/// <summary>The job <c>logistic</c>: a sparse linear model tells spam from ham, or what a LIBSVM file says.</summary>
internal sealed class LogisticOptions : JobOptions
{
    private readonly Option<double> _alpha = OptionKinds.RealWithDefault("--alpha", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.", 0.1,
        "FTRL's learning rate");

    private readonly Option<double> _beta = OptionKinds.RealWithDefault("--beta", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.", 1,
        "FTRL's beta: how slowly a weight's learning rate begins to fall");

    private readonly Option<double> _l1 = OptionKinds.RealWithDefault("--l1", 0, 1000, "it must be a number from 0 to 1000.", 0.1,
        "How strongly weights are kept at 0");

    private readonly Option<double> _l2 = OptionKinds.RealWithDefault("--l2", 0, 1000, "it must be a number from 0 to 1000.", 0,
        "How strongly weights are pulled to 0");

    private readonly Option<int> _bits = OptionKinds.Whole("--bits", 1, 62, Mails.DefaultBits, "To how many bits a mail's words are hashed");

    private readonly Option<double> _testShare = OptionKinds.TestShare();

    public override string Name => "logistic";

    public override string Description => "Train a sparse logistic regression with FTRL on mails, ham and spam, or on a LIBSVM file";

    public override string DataName => "spam";

    public override string DataHelp => "The directory of the mails, or a LIBSVM file [default: $ORLEANSPS_DATA or the cache]";

    public override string Examples => "examples";

    public override int Epochs => 4;

    public override int Batch => 16;

    public override int EvaluationsPerEpoch => 4;

    protected override IReadOnlyList<Entry> Entries =>
    [
        Own(_alpha, s => Own(s).Alpha), Own(_beta, s => Own(s).Beta), Own(_l1, s => Own(s).L1), Own(_l2, s => Own(s).L2), Own(_bits, s => Own(s).Bits),
        Own(_testShare, s => Own(s).TestShare),
    ];

    public override RunSettings ToSettings(ParseResult result, string consistency) => new LogisticSettings
    {
        Alpha = result.GetValue(_alpha),
        Beta = result.GetValue(_beta),
        L1 = result.GetValue(_l1),
        L2 = result.GetValue(_l2),
        Bits = result.GetValue(_bits),
        TestShare = result.GetValue(_testShare),
        Schedule = "constant",
    };

    public override LoadedJob Load(RunSettings settings, string path)
    {
        var own = Own(settings);
        var isFile = File.Exists(path);
        var all = isFile ? SparseExamples.Load(path) : Mails.Load(path, own.Bits);
        var (train, test) = all.Split(new(own.TestShare, settings.Seed));
        DataDirectory.RequireBoth(path, train.Count, test.Count);
        var job = new SparseLogistic(train, test, Optimizer.FtrlProximal(own.Alpha, own.Beta, own.L1, own.L2));
        return new(job, isFile ? Path.GetFileName(path) : "SpamAssassin mails", "logistic regression, a row of width 1 a feature",
            FormattableString.Invariant($"{train.Count:#,0} examples to train with, {test.Count:#,0} to test with, {(double)all.Features / all.Count:0} features each"));
    }

    public override RunSettings ReadSaved(string directory) => SavedSettings.Read<LogisticSettings>(directory);

    private static LogisticSettings Own(RunSettings settings) => (LogisticSettings)settings;
}
