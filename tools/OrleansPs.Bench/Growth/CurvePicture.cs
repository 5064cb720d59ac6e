using System.Globalization;
using OrleansPs.Train.Report.Charts;
using OrleansPs.Train.Report.Pages;
using ChartPoint = OrleansPs.Train.Report.Charts.CurvePoint;

namespace OrleansPs.Bench;

/// <summary>Curves as small pictures side by side: each point as a ratio to the reference, over their number.</summary>
internal static class CurvePicture
{
    private const double ChartHeight = 190;

    public static string Compose(string title, IReadOnlyList<Curve> curves) => Picture.Compose(
        title, ["Each point beside that of the reference count: 1 is a cost that does not change. The number is on a logarithmic axis."],
        [.. curves.Select<Curve, Func<Size, System.Xml.Linq.XElement>>(curve => ChartOf(curve).Draw)], ChartHeight);

    private static LineChart ChartOf(Curve curve)
    {
        var ratios = curve.Points.Select(p => new ChartPoint(p.Count, curve.RatioOf(p))).ToArray();
        return new(curve.Name, $"{curve.Unit} over {curve.Of}", [new(curve.Name, 0, ratios) { HasMarks = true }])
        {
            XTitle = curve.Of, YTitle = $"{curve.Name}: {curve.Unit}, x", XFormat = Text, YFormat = Text, Reference = (1, ""),
            XAxis = new(curve.Points[0].Count, Math.Max(curve.Points[^1].Count, curve.Points[0].Count + 1), true, TicksOf(curve)),
            YAxis = Axis.FromZero(ratios.Select(p => p.Y).Append(1.5), 4),
        };
    }

    // At every point, or at every other one where there are many.
    private static Tick[] TicksOf(Curve curve) => [.. curve.Points
        .Where((_, i) => (curve.Points.Count - 1 - i) % ((curve.Points.Count / 6) + 1) == 0).Select(p => new Tick(p.Count, Short(p.Count)))];

    private static string Short(long count) => count switch
    {
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1_000_000} M"),
        >= 10_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1_000} k"),
        _ => count.ToString("#,0", CultureInfo.InvariantCulture),
    };

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
