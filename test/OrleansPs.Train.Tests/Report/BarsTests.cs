using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Tests.Report;

/// <summary>Bars are as long as their numbers, and the bound stands behind the last one it allows.</summary>
public sealed class BarsTests
{
    private static readonly Size Size = new(400, 300);

    [Theory]
    [InlineData(24, 1)]
    [InlineData(25, 2)]
    [InlineData(78, 5)]
    [InlineData(1_000_000, 50_000)]
    public void Many_values_share_bars(long last, long width) => Assert.Equal(width, Histogram.BarWidth(last));

    [Fact]
    public void A_bar_is_as_high_as_its_share()
    {
        var bars = Bars(Draw([(0, 30), (1, 10)], null)).ToArray();
        Assert.Equal(3, Number(bars[0], "height") / Number(bars[1], "height"), 0.01);
    }

    [Fact]
    public void Values_that_share_a_bar_are_added_up()
    {
        var bars = Bars(Draw([.. Enumerable.Range(0, 100).Select(v => ((long)v, 1L))], null)).ToArray();
        Assert.Equal(20, bars.Length);
        Assert.Equal("5 to 9: 5 (5.0%)", bars[1].Value);
    }

    [Fact]
    public void The_bound_is_right_of_the_largest_value_it_allows_and_left_of_the_next()
    {
        var picture = Draw([(1, 1), (2, 1), (3, 1)], 2);
        var bars = Bars(picture).ToArray();
        var line = Number(picture.Descendants(Svg.Namespace + "line").Single(e => (string?)e.Attribute("class") == "rule"), "x1");
        Assert.InRange(line, Number(bars[1], "x") + Number(bars[1], "width"), Number(bars[2], "x"));
    }

    [Fact]
    public void A_bound_far_beyond_all_values_is_only_pointed_to()
    {
        var picture = Draw([(0, 1), (5, 1)], 1000);
        Assert.DoesNotContain(picture.Descendants(), e => (string?)e.Attribute("class") == "rule");
        Assert.Contains(picture.Descendants(), e => e.Value == "bound 1000 \u2192");
    }

    [Fact]
    public void Parts_follow_each_other_and_are_as_long_as_their_numbers()
    {
        var chart = new StackedBars("", "", [new("rank 0", [3, 0, 1], ""), new("rank 1", [double.NaN, 2, -1], "")])
        {
            XTitle = "", Parts = [("a", "a"), ("b", "b"), ("c", "c")], Format = Svg.Number,
        };
        var parts = chart.Draw(Size).Descendants(Svg.Namespace + "rect").Where(e => e.Value.StartsWith("rank", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["rank 0, a: 3", "rank 0, c: 1", "rank 1, b: 2"], parts.Select(p => p.Value));
        Assert.Equal(Number(parts[0], "x") + Number(parts[0], "width"), Number(parts[1], "x"), 0.02);
        Assert.Equal(Number(parts[0], "x"), Number(parts[2], "x"));
        Assert.Equal(1.5, Number(parts[0], "width") / Number(parts[2], "width"), 0.01);
    }

    private static XElement Draw(IReadOnlyList<(long, long)> counts, long? bound) =>
        new Histogram("", "", counts) { XTitle = "", YTitle = "", Bound = bound }.Draw(Size);

    private static IEnumerable<XElement> Bars(XElement picture) =>
        picture.Descendants(Svg.Namespace + "rect").Where(e => (string?)e.Attribute("class") == "bar");

    private static double Number(XElement element, string attribute) => (double)element.Attribute(attribute)!;
}
