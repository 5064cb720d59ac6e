using System.CommandLine;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>The settings of a training of word vectors.</summary>
internal sealed record Word2VecSettings : RunSettings
{
    public int Width { get; init; }

    public int Window { get; init; }

    public int Negatives { get; init; }

    public int MinCount { get; init; }

    public double Threshold { get; init; }

    public double Lr { get; init; }

    public override string Summary() => FormattableString.Invariant($"SGD lr {Lr} {Schedule}");

    public SkipGramOptions ToOptions() => new() { Width = Width, Window = Window, Negatives = Negatives, Threshold = Threshold, Lr = Lr };
}

/// <summary>The job <c>word2vec</c>: skip-gram with negative sampling learns vectors of words.</summary>
internal sealed class Word2VecOptions : JobOptions
{
    private static readonly SkipGramOptions s_defaults = new();

    private readonly Option<int> _width = OptionKinds.Whole("--width", 1, 4096, s_defaults.Width, "Floats of a word's vector");

    private readonly Option<int> _window = OptionKinds.Whole("--window", 1, 100, s_defaults.Window, "How many words around a word are looked at, at most");

    private readonly Option<int> _negatives = OptionKinds.Whole("--negatives", 1, 100, s_defaults.Negatives, "How many words are drawn at random for each");

    private readonly Option<int> _minCount = OptionKinds.Whole("--min-count", 1, int.MaxValue, 10, "How often a word must be there to be learned");

    private readonly Option<double> _threshold = OptionKinds.RealWithDefault("--threshold", double.Epsilon, double.MaxValue, "it must be a number above 0.",
        s_defaults.Threshold, "The frequency from which words are thinned");

    private readonly Option<double> _lr = OptionKinds.RealWithDefault("--lr", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.",
        s_defaults.Lr, "The learning rate at the start");

    private readonly Option<string> _schedule = OptionKinds.Schedule("cosine");

    public override string Name => "word2vec";

    public override string Description => "Train vectors of words by skip-gram with negative sampling on the State of the Union addresses, or on other texts";

    public override string DataName => "sotu";

    public override string DataHelp => "The directory of the texts, files with the ending .txt [default: $ORLEANSPS_DATA or the cache]";

    public override string Examples => "places in the texts";

    public override int Epochs => 10;

    public override int Batch => 256;

    protected override IReadOnlyList<Entry> Entries =>
    [
        Own(_width, s => Own(s).Width), Own(_window, s => Own(s).Window), Own(_negatives, s => Own(s).Negatives), Own(_minCount, s => Own(s).MinCount),
        Own(_threshold, s => Own(s).Threshold), Own(_lr, s => Own(s).Lr), Own(_schedule, s => s.Schedule),
    ];

    public override RunSettings ToSettings(ParseResult result, string consistency) => new Word2VecSettings
    {
        Width = result.GetValue(_width),
        Window = result.GetValue(_window),
        Negatives = result.GetValue(_negatives),
        MinCount = result.GetValue(_minCount),
        Threshold = result.GetValue(_threshold),
        Lr = result.GetValue(_lr),
        Schedule = result.GetValue(_schedule)!,
    };

    public override LoadedJob Load(RunSettings settings, string path)
    {
        var own = Own(settings);
        var corpus = TextCorpus.Load(path, own.MinCount);
        var job = new SkipGram(corpus, own.ToOptions());
        return new(job, $"Texts in {Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))}",
            FormattableString.Invariant($"skip-gram, {own.Width} floats a word"),
            FormattableString.Invariant($"{corpus.Vocabulary.Total:#,0} words, {corpus.Vocabulary.Count:#,0} different ones"))
        {
            FindAsync = async (reader, cancel) =>
                WordFindings.Of(await job.ReadVectorsAsync(reader, cancel).ConfigureAwait(false), new WordSimilarity(corpus, own.Window)),
        };
    }

    public override RunSettings ReadSaved(string directory) => SavedSettings.Read<Word2VecSettings>(directory);

    private static Word2VecSettings Own(RunSettings settings) => (Word2VecSettings)settings;
}
