namespace OrleansPs.Bench.Tests;

public class CurveTests
{
    private static readonly Curve s_curve = new("a push", "blocks", "us", 4, [new(1, 30), new(4, 20), new(16, 25)]);

    [Fact]
    public void Points_are_compared_with_the_reference() => Assert.Equal([1.5, 1, 1.25], s_curve.Points.Select(s_curve.RatioOf));

    [Fact]
    public void Without_the_reference_there_is_nothing_to_compare_with() => Assert.Equal(double.NaN, (s_curve with { Reference = 2 }).RatioOf(s_curve.Points[0]));

    [Fact]
    public void A_picture_has_a_chart_for_each_curve_and_colors_for_light_and_dark()
    {
        var picture = CurvePicture.Compose("Costs", [s_curve, s_curve with { Name = "a pull" }, s_curve with { Points = [new(4, 20)] }]);

        Assert.Contains("a push: us, x", picture, StringComparison.Ordinal);
        Assert.Contains("a pull: us, x", picture, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", picture, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", picture, StringComparison.Ordinal);
    }
}
