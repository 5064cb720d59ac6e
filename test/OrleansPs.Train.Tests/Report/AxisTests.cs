using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Tests.Report;

/// <summary>Axes cover their values, whatever these are.</summary>
public sealed class AxisTests
{
    [Fact]
    public void An_axis_from_zero_ends_at_the_largest_value()
    {
        var axis = Axis.FromZero([3, 24.6, 7], 6);
        Assert.Equal((0, 24.6), (axis.Min, axis.Max));
        Assert.Equal([0, 5, 10, 15, 20], axis.Ticks.Select(tick => tick.Value));
    }

    [Fact]
    public void A_rounded_axis_begins_and_ends_at_a_mark()
    {
        var axis = Axis.Rounded([0.713, 0.838], 5, percent: true);
        Assert.Equal(["70%", "75%", "80%", "85%"], axis.Ticks.Select(tick => tick.Label));
        Assert.Equal((0, 1), (Math.Round(axis.Place(axis.Ticks[0].Value), 9), Math.Round(axis.Place(axis.Ticks[^1].Value), 9)));
    }

    [Fact]
    public void A_logarithmic_axis_begins_at_a_mark_and_covers_the_largest_value()
    {
        var axis = Axis.Logarithmic([0.33, 2.1], 7);
        Assert.Equal("0.3", axis.Ticks[0].Label);
        Assert.Equal(0, axis.Place(axis.Min), 1e-12);
        Assert.InRange(axis.Place(2.1), 0.9, 1);
    }

    [Fact]
    public void Equal_ratios_are_equal_lengths_on_a_logarithmic_axis()
    {
        var axis = Axis.Logarithmic([0.1, 10], 7);
        Assert.Equal(axis.Place(0.2) - axis.Place(0.1), axis.Place(8) - axis.Place(4), 1e-12);
    }

    [Theory]
    [InlineData(0.3, 2.3, true)]
    [InlineData(1.0, 2.3, false)]
    [InlineData(0.0, 2.3, false)]
    [InlineData(-0.1, 2.3, false)]
    public void Losses_that_fall_far_get_a_logarithmic_axis(double low, double high, bool logarithmic) =>
        Assert.Equal(logarithmic, Axis.ForLoss([low, high], 7).IsLogarithmic);

    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 0.0 })]
    [InlineData(new[] { 2.5 })]
    [InlineData(new[] { -7.0, -7.0 })]
    [InlineData(new[] { double.NaN, double.PositiveInfinity, double.MaxValue })]
    [InlineData(new[] { 1e-90, 1e90 })]
    [InlineData(new[] { 5e-324, 1e99 })]
    [InlineData(new[] { 1.0, 1.0000000000000002 })]
    public void Strange_values_still_get_an_axis(double[] values)
    {
        foreach (var axis in new[] { Axis.FromZero(values, 5), Axis.Rounded(values, 5), Axis.ForLoss(values, 7) })
        {
            Assert.True(axis.Min < axis.Max, $"{axis.Min} to {axis.Max}");
            Assert.InRange(axis.Ticks.Count, 1, 20);
            Assert.All(axis.Ticks, tick => Assert.InRange(axis.Place(tick.Value), -1e-6, 1 + 1e-6));
        }

        var covering = Axis.ForLoss(values, 7);
        Assert.All(values.Where(Axis.CanDraw), value => Assert.InRange(covering.Place(value), -1e-6, 1 + 1e-6));
    }
}
