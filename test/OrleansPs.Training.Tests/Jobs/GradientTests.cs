namespace OrleansPs.Training.Tests.Jobs;

/// <summary>The gradients of the jobs' losses against differences of these losses.</summary>
public sealed class GradientTests
{
    private const float Step = 1 / 128f;

    [Fact]
    public void Of_the_log_loss()
    {
        var examples = new SparseExamples();
        examples.Add(true, [3, 5], [1, 2]);
        examples.Add(false, [5, 9, 11], [0.5f, -1, 1]);
        examples.Add(true, [], []);
        var objective = new SparseLogisticObjective(examples);
        int[] batch = [0, 1, 1, 2];
        Prepare(objective, batch);

        Assert.Equal(SparseLogistic.BiasKey, objective.Rows[0].Keys.Span[0]);
        Assert.Equal([3, 5, 9, 11], objective.Rows[0].Keys.ToArray()[1..]);
        Check(objective, batch, () => batch.Length * objective.ComputeGradients(batch));
    }

    [Fact]
    public void Of_the_squared_error_with_its_penalty()
    {
        var ratings = new Ratings();
        ratings.Add(1, 7, 5);
        ratings.Add(2, 7, 3);
        ratings.Add(1, 8, 1);
        const double penalty = 0.3;
        var objective = new FactorizationObjective(ratings, ratings.Mean, 3, penalty);
        int[] batch = [0, 1, 2, 2];
        Prepare(objective, batch);

        Assert.Equal([1, 2], objective.Rows[0].Keys.ToArray());
        Assert.Equal([7, 8], objective.Rows[1].Keys.ToArray());
        Check(objective, batch, () =>
        {
            var squares = batch.Sum(i => Square(objective.Rows[0], ratings[i].User) + Square(objective.Rows[1], ratings[i].Item));
            return 0.5 * ((batch.Length * objective.ComputeGradients(batch)) + (penalty * squares));
        });
    }

    [Fact]
    public void Of_skip_gram()
    {
        var corpus = TextCorpus.Of(["a b c d e a b c", "c a e d"], 1);
        var options = new SkipGramOptions { Width = 5, Window = 2, Negatives = 3, Threshold = 0.2 };
        var objective = new SkipGramObjective(corpus, options, corpus.Vocabulary.KeepProbabilities(0.2), new AliasTable([1, 1, 1, 1, 1]));
        int[] batch = [.. Enumerable.Range(0, corpus.Length)];
        Prepare(objective, batch);

        Assert.Equal(2, objective.Rows.Count);
        Assert.InRange(objective.Places.Count, 5, 12);
        var pairs = objective.Places.Sum(p => p.Inputs);
        Check(objective, batch, () => pairs * objective.ComputeGradients(batch));
    }

    [Fact]
    public void What_skip_gram_takes_depends_on_the_seed_and_never_crosses_a_break()
    {
        var corpus = TextCorpus.Of(["a b", "c d"], 1);
        var options = new SkipGramOptions { Window = 100, Negatives = 1 };
        var objective = new SkipGramObjective(corpus, options, [1, 1, 1, 1], new AliasTable([0, 0, 0, 1]));
        objective.SelectRows([0], 1);
        Assert.Equal([corpus.Vocabulary.Find("b")], objective.Rows[0].Keys.ToArray().Select(k => (int)k));
        Assert.Equal([0, 3], objective.Rows[1].Keys.ToArray());
        objective.SelectRows([2], 1);
        Assert.Equal(0, objective.Rows.Count);
        Assert.Equal(0, objective.ComputeGradients([2]));

        var thinned = new SkipGramObjective(corpus, options, [0.5f, 0.5f, 0.5f, 0.5f], new AliasTable([1, 1, 1, 1]));
        var taken = Enumerable.Range(0, 20).Select(seed => Taken(thinned, seed)).ToArray();
        Assert.Equal(taken, Enumerable.Range(0, 20).Select(seed => Taken(thinned, seed)));
        Assert.InRange(taken.Distinct().Count(), 3, 20);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(2, 0.8807970779778823)]
    [InlineData(-800, 0)]
    [InlineData(800, 1)]
    public void The_logistic_function_is_exact_for_scores_of_any_size(double score, double probability)
    {
        Assert.Equal(probability, Sigmoid.Of(score), 1e-15);
        Assert.Equal(Math.Abs(score) > 700 ? Math.Max(0, -score) : -Math.Log(probability), Sigmoid.Loss(score, true), 1e-12);
        Assert.Equal(Sigmoid.Loss(score, true), Sigmoid.Loss(-score, false));
    }

    private static string Taken(SkipGramObjective objective, int seed)
    {
        objective.SelectRows([0, 1, 3, 4], (ulong)seed);
        return string.Join(";", Enumerable.Range(0, objective.Rows.Count).Select(i => string.Join(",", objective.Rows[i].Keys.ToArray())));
    }

    // Selects, and plays the server that answers the pull.
    private static void Prepare(IRowObjective objective, int[] batch)
    {
        objective.SelectRows(batch, seed: 4);
        for (var i = 0; i < objective.Rows.Count; i++)
        {
            var rows = objective.Rows[i].Rows;
            MatMulTests.Numbers(31 + i, rows.Length).CopyTo(rows);
            Assert.Equal(objective.Rows[i].Keys, objective.RowGradients[i].Keys);
            Assert.Equal(objective.Rows[i].Table, objective.RowGradients[i].Table);
        }
    }

    private static void Check(IRowObjective objective, int[] batch, Func<double> loss)
    {
        objective.ComputeGradients(batch);
        float[][] gradients = [.. Enumerable.Range(0, objective.Rows.Count).Select(i => objective.RowGradients[i].Rows.ToArray())];
        Assert.Contains(gradients.SelectMany(g => g), g => g != 0);
        for (var i = 0; i < gradients.Length; i++)
            for (var j = 0; j < gradients[i].Length; j++)
            {
                var row = objective.Rows[i].Rows;
                var was = row.Span[j];
                row.Span[j] = was + Step;
                var above = loss();
                row.Span[j] = was - Step;
                var difference = (above - loss()) / (2 * Step);
                row.Span[j] = was;
                Assert.Equal(difference, gradients[i][j], 2e-3 * Math.Max(1, Math.Abs(difference)));
            }
    }

    private static double Square(RowBatch rows, long key)
    {
        var at = rows.Keys.Span.IndexOf(key);
        var width = rows.Rows.Length / rows.Keys.Length;
        return rows.Rows.Slice(at * width, width).ToArray().Sum(x => (double)x * x);
    }
}
