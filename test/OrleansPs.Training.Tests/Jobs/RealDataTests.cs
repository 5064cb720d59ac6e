using OrleansPs.Training.Tests.References;
using Xunit.Abstractions;

namespace OrleansPs.Training.Tests.Jobs;

/// <summary>A test on a data set that tools/data.sh fetches; it is skipped where that is not.</summary>
public sealed class DataSetFactAttribute : FactAttribute
{
    public DataSetFactAttribute(string name)
    {
        if (!Path.Exists(Find(name))) Skip = $"the data set is not there: {Find(name)}; tools/data.sh {name} fetches it";
    }

    public static string Find(string name) => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "orleansps", name);
}

/// <summary>The jobs on the data that they are for, held against simple implementations in one process.</summary>
public sealed class RealDataTests(ITestOutputHelper output)
{
    private static readonly TrainerOptions s_options = new() { Shards = 4, Seed = 1 };

    [DataSetFact("spam")]
    public async Task Spam_is_told_from_ham_as_by_FTRL_in_one_process()
    {
        var (train, test) = Mails.Load(DataSetFactAttribute.Find("spam")).Split(new(0.2, 1));
        var reference = new FtrlReference(0.1, 1, 0.1, 0);
        reference.Train(train, epochs: 4, seed: 2);
        await using var run = await JobRun.TrainAsync(
            new SparseLogistic(train, test, Optimizer.FtrlProximal(0.1, 1, 0.1, 0)), ConsistencyPolicy.StaleSynchronous(3), s_options with { Epochs = 4, BatchSize = 16 });

        output.WriteLine($"{train.Count} + {test.Count} mails: AUC {run.Evaluation.Score:0.00000}, in one process {reference.Auc(test):0.00000}");
        Assert.True(run.Evaluation.Score > 0.995, $"{run.Evaluation.Score}");
        Assert.Equal(reference.Auc(test), run.Evaluation.Score, 0.002);
    }

    [DataSetFact("movielens")]
    public async Task Films_are_rated_as_by_SGD_in_one_process()
    {
        var (train, test) = Ratings.Load(Path.Combine(DataSetFactAttribute.Find("movielens"), "ratings.csv")).Split(new(0.2, 1));
        var options = new FactorizationOptions();
        var reference = new FactorizationReference(options.Factors, options.Lr, options.Penalty, options.Std, seed: 2);
        reference.Train(train, epochs: 30);
        await using var run = await JobRun.TrainAsync(
            new MatrixFactorization(train, test), ConsistencyPolicy.StaleSynchronous(3), s_options with { Epochs = 30, BatchSize = 64 });

        output.WriteLine($"{train.Count} + {test.Count} ratings: RMSE {run.Evaluation.Score:0.0000}, in one process {reference.Rmse(test):0.0000}");
        Assert.Equal(reference.Rmse(test), run.Evaluation.Score, 0.01);
    }

    [DataSetFact("sotu")]
    public void Of_the_addresses_words_are_found()
    {
        var corpus = TextCorpus.Load(DataSetFactAttribute.Find("sotu"), minCount: 10);
        Assert.Equal("the", corpus.Vocabulary[0]);
        Assert.InRange(corpus.Vocabulary.Count, 7000, 9000);
        Assert.Equal(corpus.Vocabulary.Total + 233, corpus.Length);
    }
}
