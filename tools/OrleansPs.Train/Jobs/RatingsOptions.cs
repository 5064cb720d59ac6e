using System.CommandLine;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>The settings of a matrix factorisation.</summary>
internal sealed record RatingsSettings : RunSettings
{
    public int Factors { get; init; }

    public double Lr { get; init; }

    public double Penalty { get; init; }

    public double TestShare { get; init; }

    public override string Summary() => FormattableString.Invariant($"SGD lr {Lr} penalty {Penalty}");
}

/// <summary>The job <c>ratings</c>: factors of users and items learn to predict ratings.</summary>
internal sealed class RatingsOptions : JobOptions
{
    private static readonly FactorizationOptions s_defaults = new();

    private readonly Option<int> _factors = OptionKinds.Whole("--factors", 1, 1024, s_defaults.Factors, "Factors of a user and of an item");

    private readonly Option<double> _lr = OptionKinds.RealWithDefault("--lr", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.",
        s_defaults.Lr, "The learning rate");

    private readonly Option<double> _penalty = OptionKinds.RealWithDefault("--penalty", 0, 1000, "it must be a number from 0 to 1000.",
        s_defaults.Penalty, "How strongly factors and biases are pulled to 0 with each rating");

    private readonly Option<string> _schedule = OptionKinds.Schedule("constant");

    private readonly Option<double> _testShare = OptionKinds.TestShare();

    public override string Name => "ratings";

    public override string Description => "Train a matrix factorisation on MovieLens' ratings, or on those of a CSV file";

    public override string DataName => "movielens";

    public override string DataHelp => "A CSV file of ratings, or a directory with a ratings.csv [default: $ORLEANSPS_DATA or the cache]";

    public override string Examples => "ratings";

    public override int Epochs => 30;

    public override int Batch => 64;

    protected override IReadOnlyList<Entry> Entries =>
    [
        Own(_factors, s => Own(s).Factors), Own(_lr, s => Own(s).Lr), Own(_penalty, s => Own(s).Penalty), Own(_schedule, s => s.Schedule),
        Own(_testShare, s => Own(s).TestShare),
    ];

    public override RunSettings ToSettings(ParseResult result, string consistency) => new RatingsSettings
    {
        Factors = result.GetValue(_factors),
        Lr = result.GetValue(_lr),
        Penalty = result.GetValue(_penalty),
        Schedule = result.GetValue(_schedule)!,
        TestShare = result.GetValue(_testShare),
    };

    public override LoadedJob Load(RunSettings settings, string path)
    {
        var own = Own(settings);
        var file = Directory.Exists(path) ? Path.Combine(path, "ratings.csv") : path;
        var (train, test) = Ratings.Load(file).Split(new(own.TestShare, settings.Seed));
        DataDirectory.RequireBoth(file, train.Count, test.Count);
        var job = new MatrixFactorization(train, test, new() { Factors = own.Factors, Lr = own.Lr, Penalty = own.Penalty });
        return new(job, Directory.Exists(path) ? "MovieLens" : Path.GetFileName(path),
            FormattableString.Invariant($"{own.Factors} factors and a bias for each user and item"),
            FormattableString.Invariant($"{train.Count:#,0} ratings to train with, {test.Count:#,0} to test with"));
    }

    public override RunSettings ReadSaved(string directory) => SavedSettings.Read<RatingsSettings>(directory);

    private static RatingsSettings Own(RunSettings settings) => (RatingsSettings)settings;
}
