using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Tests.Report;

/// <summary>Thousands of points become a curve that tells the same.</summary>
public sealed class CurveTests
{
    [Fact]
    public void Few_points_stay_as_they_are() =>
        Assert.Equal([new(1, 5), new(2, 4)], Curve.Smooth([(1, 5), (2, 4)], 10));

    [Fact]
    public void Many_points_become_the_means_of_equal_parts()
    {
        var curve = Curve.Smooth(Enumerable.Range(0, 100).Select(i => ((double)i, i < 50 ? 2.0 : 4 + (i % 2))), 2);
        Assert.Equal([new(24.5, 2, 2, 2), new(74.5, 4.5, 4, 5)], curve);
    }

    [Fact]
    public void The_band_leaves_out_the_lowest_and_the_highest_tenth()
    {
        var part = Assert.Single(Curve.Smooth(Enumerable.Range(0, 20).Select(i => (1.0, (double)i)), 1));
        Assert.Equal((2, 17), (part.Low, part.High));
    }

    [Fact]
    public void Values_that_cannot_be_drawn_are_left_out_of_a_mean()
    {
        var part = Assert.Single(Curve.Smooth([(0, 1), (1, double.NaN), (2, double.PositiveInfinity), (3, 3)], 1));
        Assert.Equal(2, part.Y);
    }

    [Fact]
    public void A_part_without_any_other_value_is_a_gap()
    {
        var curve = Curve.Smooth(Enumerable.Range(0, 30).Select(i => ((double)i, i is >= 10 and < 20 ? double.NaN : 1)), 3);
        Assert.Equal([1, double.NaN, 1], curve.Select(p => p.Y));
    }

    [Theory]
    [InlineData(10, 30)]
    [InlineData(1000, 40)]
    [InlineData(100_000, 120)]
    public void More_points_make_a_finer_curve(int points, int parts) => Assert.Equal(parts, Curve.PartsFor(points));

    [Fact]
    public void A_gap_interrupts_the_line()
    {
        var path = Draw([new(0, 1), new(1, 2), new(2, double.NaN), new(3, 1), new(4, 2)]);
        Assert.Equal(2, path.Count(c => c == 'M'));
    }

    [Fact]
    public void Without_a_gap_the_line_is_one() => Assert.Equal(1, Draw([new(0, 1), new(1, 2), new(3, 1)]).Count(c => c == 'M'));

    private static string Draw(CurvePoint[] points)
    {
        var chart = new LineChart("", "", [new("", 0, points)]) { XTitle = "", YTitle = "", XFormat = Svg.Number, YFormat = Svg.Number };
        return chart.Draw(new(400, 300)).Descendants().Single(e => (string?)e.Attribute("class") == "line").Attribute("d")!.Value;
    }
}
