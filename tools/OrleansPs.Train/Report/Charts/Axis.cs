namespace OrleansPs.Train.Report.Charts;

/// <summary>A range of values and its marks, linear or logarithmic. Places a value between 0 and 1.</summary>
internal sealed record Axis(double Min, double Max, bool IsLogarithmic, IReadOnlyList<Tick> Ticks)
{
    /// <summary>Whether a value can be drawn at all: NaN, infinities and what is absurdly large cannot.</summary>
    public static bool CanDraw(double value) => Math.Abs(value) < 1e100;

    /// <summary>From 0 to exactly the largest value.</summary>
    public static Axis FromZero(IEnumerable<double> values, int parts)
    {
        var max = values.Where(CanDraw).DefaultIfEmpty(0).Max();
        return Linear(0, max > 0 ? max : 1, parts);
    }

    /// <summary>Exactly a range; marks where it has round values.</summary>
    public static Axis Linear(double min, double max, int parts) => WithStep(min, max, Charts.Ticks.Step(max - min, parts), false);

    /// <summary>The values' range, widened to round values.</summary>
    public static Axis Rounded(IEnumerable<double> values, int parts, bool percent = false)
    {
        var (min, max) = Range(values);
        var step = Charts.Ticks.Step(max - min, parts);
        return WithStep(Math.Floor((min / step) + 1e-9) * step, Math.Ceiling((max / step) - 1e-9) * step, step, percent);
    }

    /// <summary>The range of the values, logarithmic, from a round value below them. All must be above 0.</summary>
    public static Axis Logarithmic(IEnumerable<double> values, int parts)
    {
        var (min, max) = Range(values);
        max *= Math.Pow(max / min, 0.03);
        var start = Charts.Ticks.Logarithmic(min / 2, min, 10)[^1];
        return new(start, max, true, Charts.Ticks.LabelledOneByOne(Charts.Ticks.Logarithmic(start, max, parts)));
    }

    /// <summary>
    /// For losses: logarithmic where the largest is several times the smallest, for on a linear axis all that happens late
    /// would be one flat line; linear otherwise.
    /// </summary>
    public static Axis ForLoss(IReadOnlyList<double> values, int parts)
    {
        var drawn = values.Where(CanDraw).ToArray();
        var wide = drawn.Length > 0 && drawn.Min() > 1e-100 && drawn.Max() / drawn.Min() > 4;
        return wide ? Logarithmic(drawn, parts) : Rounded(drawn, parts);
    }

    /// <summary>0 at the start of the axis, 1 at its end; beyond for values out of its range.</summary>
    public double Place(double value) => IsLogarithmic
        ? Math.Log(value / Min) / Math.Log(Max / Min)
        : (value - Min) / (Max - Min);

    private static Axis WithStep(double min, double max, double step, bool percent) =>
        new(min, max, false, Charts.Ticks.Labelled(Charts.Ticks.Linear(min, max, step), percent));

    // One value alone gets room on both sides; none at all, the range from 0 to 1.
    private static (double Min, double Max) Range(IEnumerable<double> values)
    {
        var drawn = values.Where(CanDraw).ToArray();
        if (drawn.Length == 0) return (0, 1);
        var (min, max) = (drawn.Min(), drawn.Max());
        var room = min == 0 ? 1 : Math.Abs(min) * 0.1;
        return max - min > Math.Abs(max) * 1e-9 ? (min, max) : (min - room, max + room);
    }
}
