namespace OrleansPs.Train.Report.Charts;

/// <summary>A point of a curve, and the range in which most of what it stands for lies. Y is NaN where the curve has a gap.</summary>
internal readonly record struct CurvePoint(double X, double Y, double Low, double High)
{
    public CurvePoint(double x, double y)
        : this(x, y, y, y)
    {
    }
}

/// <summary>Makes a curve that can be read out of thousands of noisy points.</summary>
internal static class Curve
{
    private const int MostParts = 120, FewestParts = 30, PointsForPart = 25;

    /// <summary>Into how many parts so many points are cut: enough in each that its mean is calm, enough parts that the curve shows what happened.</summary>
    public static int PartsFor(int points) => Math.Clamp(points / PointsForPart, FewestParts, MostParts);

    /// <summary>
    /// Cuts the range of X into equal parts and takes the mean of each, with the range that leaves out the lowest and the
    /// highest tenth. Few points stay as they are. Values that cannot be drawn are left out; a part that has no others is a gap.
    /// </summary>
    public static IReadOnlyList<CurvePoint> Smooth(IEnumerable<(double X, double Y)> points, int parts)
    {
        var all = points.Where(p => Axis.CanDraw(p.X)).ToArray();
        if (all.Length <= parts) return [.. all.Select(p => new CurvePoint(p.X, Axis.CanDraw(p.Y) ? p.Y : double.NaN))];
        var (min, max) = (all.Min(p => p.X), all.Max(p => p.X));
        return [.. all.GroupBy(p => max > min ? (int)Math.Min(parts - 1, (p.X - min) / (max - min) * parts) : 0)
            .OrderBy(part => part.Key)
            .Select(part => MeanOf([.. part]))];
    }

    private static CurvePoint MeanOf((double X, double Y)[] part)
    {
        var drawn = part.Select(p => p.Y).Where(Axis.CanDraw).Order().ToArray();
        var x = part.Average(p => p.X);
        var tenth = drawn.Length / 10;
        return drawn.Length == 0 ? new(x, double.NaN) : new(x, drawn.Average(), drawn[tenth], drawn[^(tenth + 1)]);
    }
}
