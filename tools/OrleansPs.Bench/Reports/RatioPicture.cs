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
            ("bare socket", f => f.OfRaw), ("stock Orleans", f => f.OfStock),
            .. peers.Select(peer => (peer.System, (Func<RowFigures, double>)(f => f.OperationsPerSecond / peer.RateOf(f.Row, settings.Silos)))),
        ];
        others = [.. others.Where(other => rows.Any(f => double.IsFinite(other.Ratio(f))))];
        var sizes = rows.GroupBy(f => SizeOf(f.Row)).ToArray();
        var charts = sizes.SelectMany(size => others.Select((other, i) => ChartOf(size, other.Name, other.Ratio, Marker.ColorOf(i)))).ToArray();
        var most = sizes.Select(size => size.Count()).DefaultIfEmpty(1).Max();
        return Picture.Compose(
            "Pushes and pulls", [string.Create(CultureInfo.InvariantCulture, $"Calls a second as a ratio to others in the same run, by what is done and how many calls are in flight; {settings.Silos} silo(s) and {settings.Workers} worker(s) on one machine.")],
            charts, (most * RowHeight) + Around, Math.Max(2, others.Length));
    }

    // A place stays empty where there is nothing to compare with.
    private static Func<Size, XElement> ChartOf(IGrouping<string, RowFigures> size, string other, Func<RowFigures, double> ratio, string color)
    {
        var bars = size.Where(f => double.IsFinite(ratio(f))).Select(f => RowOf(f, ratio(f), color)).ToArray();
        return bars.Length > 0 ? ChartOf($"{size.Key}, x {other}", bars).Draw : _ => new XElement("g");
    }

    private static StackedBars ChartOf(string title, BarRow[] rows) => new(title, title, rows)
    {
        XTitle = title, Parts = [("ratio", "run")], Format = Text, AtLeast = 1.2,
    };

    private static BarRow RowOf(RowFigures f, double ratio, string color) => new(string.Create(CultureInfo.InvariantCulture, $"{f.Row.Text}, {f.Row.InFlight}"), [ratio], Text(ratio), color);

    private static string SizeOf(BenchRow row) => string.Create(CultureInfo.InvariantCulture, $"{(row.IsSparse ? $"{row.Rows:#,0} rows x {row.Floats}" : row.Floats >= 1 << 18 ? $"{row.Floats >> 18} MiB" : $"{row.Floats >> 8} KiB")}");

    private static string Text(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
