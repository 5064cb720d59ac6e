using System.Globalization;
using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;
using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Bench;

/// <summary>Rows as bars, each as long as its ratio to what it is compared with: a chart for each size, and for each other system.</summary>
internal static class RatioPicture
{
    private const double RowHeight = 19, Around = 62;

    public static string Compose(BenchSettings settings, IReadOnlyList<RowFigures> rows, IReadOnlyList<PeerRows> peers)
    {
        (string Name, Func<RowFigures, double> Ratio)[] others =
        [
            ("the bare socket", f => f.OfRaw), ("Orleans' stock transport", f => f.OfStock),
            .. peers.Select(peer => (peer.System, (Func<RowFigures, double>)(f => f.OperationsPerSecond / peer.RateOf(f.Row, settings.Silos)))),
        ];
        var charts = rows.GroupBy(f => SizeOf(f.Row)).SelectMany(size => others
            .Select((other, i) => (other.Name, Rows: size.Where(f => double.IsFinite(other.Ratio(f))).Select(f => RowOf(f, other.Ratio(f), Marker.ColorOf(i))).ToArray()))
            .Where(chart => chart.Rows.Length > 0)
            .Select(chart => ChartOf($"{size.Key}, x {chart.Name}", chart.Rows))).ToArray();
        var most = charts.Select(chart => chart.Rows.Count).DefaultIfEmpty(1).Max();
        return Picture.Compose(
            "Pushes and pulls", [string.Create(CultureInfo.InvariantCulture, $"Calls a second as a ratio to others in the same run; {settings.Silos} silo(s) and {settings.Workers} worker(s) on one machine.")],
            [.. charts.Select<StackedBars, Func<Size, XElement>>(chart => chart.Draw)], (most * RowHeight) + Around);
    }

    private static StackedBars ChartOf(string title, BarRow[] rows) => new(title, title, rows)
    {
        XTitle = title, Parts = [("ratio", "run")], Format = Text, AtLeast = 1.2,
    };

    private static BarRow RowOf(RowFigures f, double ratio, string color) => new(string.Create(CultureInfo.InvariantCulture, $"{f.Row.Text}, {f.Row.InFlight}"), [ratio], Text(ratio), color);

    private static string SizeOf(BenchRow row) => string.Create(CultureInfo.InvariantCulture, $"{(row.IsSparse ? $"{row.Rows:#,0} rows x {row.Floats}" : row.Floats >= 1 << 18 ? $"{row.Floats >> 18} MiB" : $"{row.Floats >> 8} KiB")}");

    private static string Text(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
