using System.Globalization;
using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>How often each whole number was seen, as bars, with a line behind the largest one that is allowed.</summary>
internal sealed record Histogram(string Title, string Description, IReadOnlyList<(long Value, long Count)> Counts)
{
    private const int MaxBars = 25;

    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    /// <summary>The largest value that is allowed, or null.</summary>
    public long? Bound { get; init; }

    public int ColorIndex { get; init; }

    public XElement Draw(Size size)
    {
        if (Counts.All(c => c.Count == 0)) return Svg.Nothing(size, Title);
        var last = Math.Max(Counts.Select(c => c.Value).DefaultIfEmpty(0).Max(), 4);
        var shown = Bound is { } bound && bound <= (4 * last) + 8 ? Math.Max(last, bound + Math.Max(2, bound / 2)) : last;
        var width = BarWidth(shown);
        var bars = Bars(width);
        var end = (((shown / width) + 1) * width) - 0.5;
        var frame = Frame.Fit(size, 0, WholeNumbers(end, size.Width), Axis.Rounded(bars.Select(b => b.Share).Append(0), 4, percent: true));
        return Svg.Picture(size, Title, Description,
            frame.Draw(XTitle, YTitle),
            Svg.Group(Marker.ColorOf(ColorIndex), bars.Select(bar => Draw(frame, bar, width))),
            DrawBound(frame, end));
    }

    /// <summary>How many values share a bar, so that there are not too many bars: 1, 2, 5, 10...</summary>
    public static long BarWidth(long last) => last < MaxBars ? 1 : (long)Ticks.Step(last + 1, MaxBars);

    private static Axis WholeNumbers(double end, double width)
    {
        var step = Math.Max(1, Ticks.Step(end, 2 * Frame.PartsOf(width)));
        return new(-0.5, end, false, Ticks.Labelled(Ticks.Linear(0, end, step)));
    }

    private List<(long First, double Share, long Count)> Bars(long width)
    {
        var total = (double)Counts.Sum(c => c.Count);
        return [.. Counts.Where(c => c.Count > 0).GroupBy(c => c.Value / width)
            .Select(bar => (bar.Key * width, bar.Sum(c => c.Count) / total, bar.Sum(c => c.Count)))];
    }

    private static XElement Draw(Frame frame, (long First, double Share, long Count) bar, long width)
    {
        var (left, right) = (frame.PlaceX(bar.First - 0.5), frame.PlaceX(bar.First + width - 0.5));
        var gap = Math.Max((right - left) * 0.1, (right - left - 56) / 2);
        var values = width == 1 ? $"{bar.First}" : $"{bar.First} to {bar.First + width - 1}";
        var hint = string.Create(CultureInfo.InvariantCulture, $"{values}: {bar.Count:#,0} ({bar.Share * 100:0.0}%)");
        return Svg.Box("bar", left + gap, frame.PlaceY(bar.Share), right - left - (2 * gap), frame.Bottom - frame.PlaceY(bar.Share), hint);
    }

    private XElement? DrawBound(Frame frame, double end)
    {
        if (Bound is not { } bound) return null;
        var label = $"bound {bound}";
        if (bound + 0.5 > end) return Svg.Group("reference", Svg.Text("note", frame.Right, frame.Top + 10, label + " \u2192", "end"));
        var x = frame.PlaceX(bound + 0.5);
        var fits = x + 6 + TextWidth.Of(label, Frame.FontSize) < frame.Right;
        return Svg.Group("reference",
            Svg.Line("rule", x, frame.Top - 2, x, frame.Bottom),
            Svg.Text("note", fits ? x + 6 : x - 6, frame.Top + 10, label, fits ? "start" : "end"));
    }
}
