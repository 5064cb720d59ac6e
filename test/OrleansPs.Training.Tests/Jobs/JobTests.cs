using OrleansPs.Training.Tests.References;
using Xunit.Abstractions;

namespace OrleansPs.Training.Tests.Jobs;

/// <summary>The jobs on embedding tables, with several workers, held against simple implementations in one process.</summary>
public sealed class JobTests(ITestOutputHelper output)
{
    private const double SameAuc = 0.002, SameRmse = 0.01;

    private static readonly TrainerOptions s_options = new() { Epochs = 3, BatchSize = 4, Shards = 4, Seed = 5 };

    public static TheoryData<string> Policies => ["BSP", "SSP(2)", "ASP"];

    public static TheoryData<string> Kinds => ["logistic", "ratings", "word2vec"];

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Logistic_regression_is_as_good_as_FTRL_in_one_process(string policy)
    {
        var (train, test) = SampleData.Examples(12_000, seed: 1).Split(new(0.3, 1));
        var reference = new FtrlReference(0.1, 1, 0.5, 0.1);
        reference.Train(train, s_options.Epochs, seed: 2);
        await using var run = await JobRun.TrainAsync(new SparseLogistic(train, test, Optimizer.FtrlProximal(0.1, 1, 0.5, 0.1)), Policy(policy), s_options);

        output.WriteLine($"AUC {run.Evaluation.Score:0.00000}, in one process {reference.Auc(test):0.00000}");
        Assert.InRange(reference.Auc(test), 0.8, 0.99);
        Assert.Equal(reference.Auc(test), run.Evaluation.Score, policy == "ASP" ? 3 * SameAuc : SameAuc);
        Assert.Equal(test.Count, run.Evaluation.Examples);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Matrix_factorisation_is_as_good_as_SGD_in_one_process(string policy)
    {
        var (train, test) = SampleData.Ratings(12_000, seed: 1).Split(new(0.2, 1));
        var options = new FactorizationOptions { Factors = 4, Lr = 0.02, Penalty = 0.05, Std = 0.1 };
        var reference = new FactorizationReference(options.Factors, options.Lr, options.Penalty, options.Std, seed: 2);
        reference.Train(train, epochs: 30);
        await using var run = await JobRun.TrainAsync(new MatrixFactorization(train, test, options), Policy(policy), s_options with { Epochs = 30 });

        output.WriteLine($"RMSE {run.Evaluation.Score:0.0000}, in one process {reference.Rmse(test):0.0000}");
        Assert.InRange(reference.Rmse(test), 0.5, 0.6);
        // Nothing bounds staleness under ASP, and this data is used up in a moment.
        Assert.Equal(reference.Rmse(test), run.Evaluation.Score, policy == "ASP" ? 3 * SameRmse : SameRmse);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Skip_gram_learns_what_belongs_together_as_in_one_process(string policy)
    {
        var corpus = SampleData.Corpus(60, seed: 1);
        var job = new SkipGram(corpus, new() { Width = 16, Threshold = 1, Lr = 0.025 });
        var reference = new SkipGramReference(corpus, 16, 5, 5, 1, seed: 2).Train(epochs: 6, lr: 0.025);
        await using var run = await JobRun.TrainAsync(job, Policy(policy), s_options with { Epochs = 6, BatchSize = 16 });
        await using var reader = await run.OpenReaderAsync();
        var vectors = await job.ReadVectorsAsync(reader);
        var similarity = new WordSimilarity(corpus, 5);

        output.WriteLine($"Spearman {run.Evaluation.Score:0.000}, in one process {similarity.Correlation(reference):0.000}, {similarity.Pairs} pairs");
        Assert.Equal(run.Evaluation.Score, similarity.Correlation(vectors));
        // Of some hundred pairs; without a bound on staleness every run is another one.
        Assert.InRange(similarity.ChanceCorrelation(vectors, 3), -0.3, 0.3);
        Assert.True(run.Evaluation.Score > 0.2, $"{run.Evaluation.Score}");
        Assert.Equal(similarity.Correlation(reference), run.Evaluation.Score, policy == "ASP" ? 0.3 : 0.15);
        for (var word = 0; word < 10; word++)
            Assert.All(vectors.Nearest(word, 5), near => Assert.Equal(corpus.Vocabulary[word][0], corpus.Vocabulary[near.Word][0]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Under_BSP_the_end_is_the_same_bit_for_bit_though_a_worker_ends_and_another_goes_on(string kind)
    {
        var options = s_options with { Epochs = 1 };
        await using var whole = await JobRun.TrainAsync(Small(kind), ConsistencyPolicy.BulkSynchronous, options);
        await using var broken = await JobRun.TrainAsync(Small(kind), ConsistencyPolicy.BulkSynchronous, options, breakAt: 7);

        var bits = await whole.BitsAsync();
        Assert.True(bits.Distinct().Count() > 50, $"{bits.Distinct().Count()} different numbers");
        Assert.Equal(bits, await broken.BitsAsync());
        Assert.Equal(whole.Evaluation, broken.Evaluation);
        Assert.Equal(0, whole.MaxStaleness);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Seeds_make_different_trainings(string kind)
    {
        await using var one = await JobRun.TrainAsync(Small(kind), ConsistencyPolicy.BulkSynchronous, s_options with { Epochs = 1 });
        await using var other = await JobRun.TrainAsync(Small(kind), ConsistencyPolicy.BulkSynchronous, s_options with { Epochs = 1, Seed = 6 });
        Assert.NotEqual(await one.BitsAsync(), await other.BitsAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Under_SSP_nobody_is_further_ahead_than_the_bound(string kind)
    {
        await using var run = await JobRun.TrainAsync(Small(kind), ConsistencyPolicy.StaleSynchronous(2), s_options with { Epochs = 1 });
        Assert.InRange(run.MaxStaleness, 0, 2);
    }

    [Fact]
    public void L1_keeps_weights_at_zero_in_the_reference()
    {
        var (train, _) = SampleData.Examples(2000, seed: 1).Split(new(0.3, 1));
        var (free, kept) = (new FtrlReference(0.1, 1, 0, 0), new FtrlReference(0.1, 1, 2, 0));
        free.Train(train, 1, seed: 2);
        kept.Train(train, 1, seed: 2);
        Assert.True(Zeros(kept) > Zeros(free) + 50, $"{Zeros(kept)} {Zeros(free)}");
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        var ratings = SampleData.Ratings(10, 1);
        Assert.Equal("Factors", Assert.Throws<InvalidOptionsException>(() => new MatrixFactorization(ratings, ratings, new() { Factors = 0 })).Parameter);
        Assert.Equal("Penalty", Assert.Throws<InvalidOptionsException>(() => new MatrixFactorization(ratings, ratings, new() { Penalty = -1 })).Parameter);
        var corpus = SampleData.Corpus(1, 1);
        Assert.Equal("Window", Assert.Throws<InvalidOptionsException>(() => new SkipGram(corpus, new() { Window = 0 })).Parameter);
        Assert.Equal("Threshold", Assert.Throws<InvalidOptionsException>(() => new SkipGram(corpus, new() { Threshold = double.NaN })).Parameter);
    }

    private static int Zeros(FtrlReference reference) => Enumerable.Range(0, 500).Count(key => reference.Weight(key) == 0);

    private static ITrainingJob Small(string kind)
    {
        var (train, test) = SampleData.Examples(400, seed: 1).Split(new(0.3, 1));
        var (ratings, others) = SampleData.Ratings(400, seed: 1).Split(new(0.3, 1));
        return kind switch
        {
            "logistic" => new SparseLogistic(train, test, Optimizer.FtrlProximal(0.1, 1, 0.1, 0.1)),
            "ratings" => new MatrixFactorization(ratings, others, new() { Factors = 4 }),
            _ => new SkipGram(SampleData.Corpus(1, seed: 1), new() { Width = 8, Threshold = 0.01 }),
        };
    }

    private static ConsistencyPolicy Policy(string name) => name switch
    {
        "BSP" => ConsistencyPolicy.BulkSynchronous,
        "ASP" => ConsistencyPolicy.Asynchronous,
        _ => ConsistencyPolicy.StaleSynchronous(2),
    };
}
