namespace OrleansPs.Training;

/// <summary>How a <see cref="SkipGram"/> takes words from its text.</summary>
public sealed record SkipGramOptions
{
    /// <summary>Floats of a word's vector, 1 to 4,096; 64 by default.</summary>
    public int Width { get; init; } = 64;

    /// <summary>How far around a place words are looked at, 1 to 100; for each place a reach from 1 to this is drawn. 5 by default.</summary>
    public int Window { get; init; } = 5;

    /// <summary>How many words are drawn at random for a place, 1 to 100; 5 by default.</summary>
    public int Negatives { get; init; } = 5;

    /// <summary>The frequency from which words are thinned, > 0, see <see cref="Vocabulary.KeepProbabilities"/>; 0.001 by default.</summary>
    public double Threshold { get; init; } = 1e-3;

    /// <summary>The learning rate, > 0; 0.05 by default.</summary>
    public double Lr { get; init; } = 0.05;

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        TrainerOptions.Require(Width is >= 1 and <= 4096, nameof(Width), Width, "it must be 1 to 4,096.");
        TrainerOptions.Require(Window is >= 1 and <= 100, nameof(Window), Window, "it must be 1 to 100.");
        TrainerOptions.Require(Negatives is >= 1 and <= 100, nameof(Negatives), Negatives, "it must be 1 to 100.");
        TrainerOptions.Require(Threshold > 0, nameof(Threshold), Threshold, "it must be above 0.");
        TrainerOptions.Require(Lr is > 0 and <= 1000, nameof(Lr), Lr, "it must be above 0 and at most 1000.");
    }
}

/// <summary>
/// Vectors of words by skip-gram with negative sampling (Mikolov et al. 2013), learned with SGD. The tables <see cref="In"/> and <see cref="Out"/> hold a row a word, under its
/// number in the vocabulary; those of <see cref="In"/> are the result. Measured by how well the order of the words' cosines follows that of their
/// pointwise mutual information in the text (<see cref="WordSimilarity"/>).
/// </summary>
public sealed class SkipGram : ITrainingJob
{
    /// <summary>The table of the words' vectors.</summary>
    public const string In = "in";

    /// <summary>The table of the vectors of words that are to be told.</summary>
    public const string Out = "out";

    private const double NegativePower = 0.75;

    private readonly TextCorpus _corpus;
    private readonly SkipGramOptions _options;
    private readonly float[] _keep;
    private readonly AliasTable _negatives;
    private readonly WordSimilarity _similarity;

    /// <summary>Makes the job.</summary>
    /// <param name="corpus">The text.</param>
    /// <param name="options">How words are taken from it; null for the defaults.</param>
    /// <exception cref="InvalidOptionsException">An option is out of its range.</exception>
    public SkipGram(TextCorpus corpus, SkipGramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        (_corpus, _options) = (corpus, options ?? new());
        _options.Validate();
        var vocabulary = corpus.Vocabulary;
        _keep = vocabulary.KeepProbabilities(_options.Threshold);
        _negatives = new(Enumerable.Range(0, vocabulary.Count).Select(word => Math.Pow(vocabulary.CountOf(word), NegativePower)).ToArray());
        _similarity = new(corpus, _options.Window);
    }

    /// <inheritdoc/>
    public int Examples => _corpus.Length;

    /// <inheritdoc/>
    public EvaluationMetric Metric => EvaluationMetric.WordSimilarity;

    /// <inheritdoc/>
    public ModelSpec ToSpec(string name, int batchSize)
    {
        var words = _corpus.Vocabulary.Count;
        var reach = 0.5f / _options.Width;
        return new(name)
        {
            Parameters = [],
            Tables =
            [
                new(In, _options.Width, Initializer.Uniform(-reach, reach)) { MaxRowsPerStep = JobSpecs.RowsPerStep(Math.Min(words, 2L * _options.Window * batchSize)) },
                new(Out, _options.Width) { MaxRowsPerStep = JobSpecs.RowsPerStep(Math.Min(words, (1L + _options.Negatives) * batchSize)) },
            ],
            Optimizer = Optimizer.Sgd(_options.Lr),
            Reduction = Reduction.Sum,
        };
    }

    /// <inheritdoc/>
    public IObjective CreateObjective(int batchSize) => new SkipGramObjective(_corpus, _options, _keep, _negatives);

    /// <inheritdoc/>
    public IEvaluator CreateEvaluator() => new SkipGramEvaluator(_corpus.Vocabulary, _options.Width, _similarity);

    /// <summary>Reads the words' vectors.</summary>
    public Task<WordVectors> ReadVectorsAsync(IParameterReader reader, CancellationToken cancellationToken = default) =>
        WordVectors.ReadAsync(reader, _corpus.Vocabulary, _options.Width, cancellationToken);

    private sealed class SkipGramEvaluator(Vocabulary vocabulary, int width, WordSimilarity similarity) : IEvaluator
    {
        public async Task<Evaluation> EvaluateAsync(IParameterReader reader, CancellationToken cancellationToken = default)
        {
            var vectors = await WordVectors.ReadAsync(reader, vocabulary, width, cancellationToken).ConfigureAwait(false);
            return new(similarity.Pairs, double.NaN, similarity.Correlation(vectors));
        }
    }
}
