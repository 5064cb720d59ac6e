using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Tests.Report;

/// <summary>Marks of axes are round values, few enough to read, all inside the axis.</summary>
public sealed class TicksTests
{
    [Theory]
    [InlineData(10, 5, 2)]
    [InlineData(24.6, 6, 5)]
    [InlineData(1, 5, 0.2)]
    [InlineData(0.07, 4, 0.02)]
    [InlineData(230400, 6, 50000)]
    [InlineData(9.5, 1, 10)]
    public void A_step_is_1_2_or_5_times_a_power_of_ten(double range, int parts, double step) =>
        Assert.Equal(step, Ticks.Step(range, parts), step * 1e-9);

    [Fact]
    public void Marks_are_the_numbers_that_one_would_write() =>
        Assert.Equal([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], Ticks.Linear(0, 0.7, 0.1));

    [Fact]
    public void Marks_below_zero_are_found() => Assert.Equal([-4, -2, 0, 2], Ticks.Linear(-5, 3, 2));

    [Property(MaxTest = 500)]
    public Property Marks_are_inside_rising_and_few() => Prop.ForAll(Ranges(), range =>
    {
        var (min, max, parts) = range;
        var marks = Ticks.Linear(min, max, Ticks.Step(max - min, parts));
        var room = (max - min) * 1e-6;
        Assert.InRange(marks.Length, 1, parts + 1);
        Assert.All(marks, mark => Assert.InRange(mark, min - room, max + room));
        Assert.Equal(marks.Distinct().Order(), marks);
    });

    [Property(MaxTest = 500)]
    public Property Marks_have_labels_that_differ() => Prop.ForAll(Ranges(), range =>
    {
        var (min, max, parts) = range;
        var labels = Ticks.Labelled(Ticks.Linear(min, max, Ticks.Step(max - min, parts))).Select(tick => tick.Label).ToArray();
        Assert.Equal(labels.Distinct(), labels);
    });

    [Theory]
    [InlineData(0.3, 2.3, 7, "0.3 0.5 0.7 1 1.5 2")]
    [InlineData(0.3, 2.3, 4, "0.5 1 2")]
    [InlineData(0.01, 1000, 7, "0.01 0.1 1 10 100 1000")]
    [InlineData(1e-3, 1e9, 6, "0.001 1 1000 1e6 1e9")]
    public void Logarithmic_marks_are_as_many_as_fit(double min, double max, int about, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.LabelledOneByOne(Ticks.Logarithmic(min, max, about)).Select(tick => tick.Label)));

    [Theory]
    [InlineData(0, 1, 0.2, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0, 10, 5, "0 5 10")]
    [InlineData(0, 5000, 2000, "0 2,000 4,000")]
    [InlineData(0, 230_400, 50_000, "0 50k 100k 150k 200k")]
    [InlineData(0, 3_000_000, 500_000, "0 0.5M 1.0M 1.5M 2.0M 2.5M 3.0M")]
    [InlineData(0, 3e30, 1e30, "0 1e30 2e30 3e30")]
    [InlineData(9.99e10, 1.006e11, 5e8, "1e11 1.005e11")]
    public void Labels_share_a_unit_and_decimals(double min, double max, double step, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.Labelled(Ticks.Linear(min, max, step)).Select(tick => tick.Label)));

    [Fact]
    public void Shares_are_labelled_in_percent() =>
        Assert.Equal(["70%", "75%", "80%"], Ticks.Labelled([0.7, 0.75, 0.8], percent: true).Select(tick => tick.Label));

    [Fact]
    public void Percent_keep_the_decimals_that_tell_them_apart() =>
        Assert.Equal(["84.0%", "84.5%"], Ticks.Labelled([0.84, 0.845], percent: true).Select(tick => tick.Label));

    private static Arbitrary<(double Min, double Max, int Parts)> Ranges() => (
        from start in Gen.Choose(-1000, 1000)
        from length in Gen.Choose(1, 100_000)
        from power in Gen.Choose(-6, 9)
        from parts in Gen.Choose(3, 12)
        let unit = Math.Pow(10, power)
        select (start * unit / 10, ((start / 10.0) + length) * unit, parts)).ToArbitrary();
}
