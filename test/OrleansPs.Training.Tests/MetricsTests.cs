using FsCheck.Xunit;

namespace OrleansPs.Training.Tests;

public sealed class MetricsTests
{
    [Property]
    public bool The_area_is_the_share_of_pairs_in_the_right_order((byte Score, bool Label)[] examples)
    {
        var (scores, labels) = (Array.ConvertAll(examples, e => (double)(e.Score % 16)), Array.ConvertAll(examples, e => e.Label));
        var pairs = examples.Where(e => e.Label).SelectMany(_ => examples.Where(e => !e.Label), (p, n) => (P: p.Score % 16, N: n.Score % 16)).ToArray();
        var area = Metrics.AreaUnderRocCurve(scores, labels);
        return pairs.Length == 0 ? double.IsNaN(area) : Math.Abs(area - pairs.Average(p => p.P > p.N ? 1 : p.P == p.N ? 0.5 : 0)) < 1e-12;
    }

    [Fact]
    public void Spearman_is_that_of_textbooks()
    {
        // IQ and hours of television, as in Wikipedia's example: -29/165.
        Assert.Equal(-29.0 / 165, Metrics.SpearmanCorrelation([106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]), 1e-12);
        Assert.Equal(1, Metrics.SpearmanCorrelation([1, 2, 3, 10], [-5, 0, 1, 2]), 1e-12);
        Assert.Equal(Math.Sqrt(3) / 2, Metrics.SpearmanCorrelation([1, 1, 2], [1, 2, 3]), 1e-12);
        Assert.True(double.IsNaN(Metrics.SpearmanCorrelation([1, 1], [1, 2])));
    }

    [Fact]
    public void The_root_of_the_mean_squared_error_is_what_it_says()
    {
        Assert.Equal(Math.Sqrt(12.5), Metrics.RootMeanSquaredError([1, 2], [4, -2]), 1e-12);
        Assert.True(double.IsNaN(Metrics.RootMeanSquaredError([], [])));
    }

    [Fact]
    public void Numbers_that_do_not_fit_each_other_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Metrics.AreaUnderRocCurve([1], []));
        Assert.Throws<ArgumentException>(() => Metrics.RootMeanSquaredError([1], []));
        Assert.Throws<ArgumentException>(() => Metrics.SpearmanCorrelation([1], []));
    }

    [Fact]
    public void An_alias_table_draws_in_proportion_to_the_weights()
    {
        double[] weights = [5, 0, 1, 3, 0.5, 0.5];
        var (table, random, counts) = (new AliasTable(weights), new SplitMix64(3), new int[6]);
        const int draws = 200_000;
        for (var i = 0; i < draws; i++) counts[table.Draw(ref random)]++;
        Assert.Equal(0, counts[1]);
        for (var i = 0; i < 6; i++) Assert.Equal(weights[i] / 10, counts[i] / (double)draws, 0.005);
    }
}
