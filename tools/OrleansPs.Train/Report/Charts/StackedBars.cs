using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>One bar: its name, its parts from left to right, and a remark at its end.</summary>
internal sealed record BarRow(string Name, IReadOnlyList<double> Parts, string Remark, string? Css = null);

/// <summary>Bars that lie, one for each row, each made of the same kinds of parts.</summary>
internal sealed record StackedBars(string Title, string Description, IReadOnlyList<BarRow> Rows)
{
    private const double LabelRow = 22, TitleRow = 20;

    public required string XTitle { get; init; }

    /// <summary>Names and classes of the parts; no legend if there is only one.</summary>
    public required IReadOnlyList<(string Name, string Css)> Parts { get; init; }

    /// <summary>How a pointed-at length prints.</summary>
    public required Func<double, string> Format { get; init; }

    /// <summary>Where the axis ends at least: the same for charts that stand beside each other.</summary>
    public double AtLeast { get; init; }

    /// <summary>Rows fill the height, within limits: many rows make a higher picture, few a lower one.</summary>
    public XElement Draw(Size size)
    {
        if (Rows.Count == 0) return Svg.Nothing(size, Title);
        var legend = Legend.Of(size.Width, Parts.Count > 1 ? Parts.Select(part => (part.Name, Svg.Box($"part {part.Css}", -8, -7, 16, 14))) : []);
        var top = legend.Height + 6;
        var rowHeight = Math.Clamp((size.Height - top - LabelRow - TitleRow) / Math.Max(2, Rows.Count), 18, 56);
        var height = top + (Math.Max(2, Rows.Count) * rowHeight) + LabelRow + TitleRow;
        var frame = FrameOf(size.Width, top, height - LabelRow - TitleRow);
        return Svg.Picture(size with { Height = height }, Title, Description,
            legend.Draw(),
            frame.X.Ticks.Select(tick => Svg.Line("grid", frame.PlaceX(tick.Value), top, frame.PlaceX(tick.Value), frame.Bottom)),
            frame.X.Ticks.Select(tick => Svg.Text("tick", frame.PlaceX(tick.Value), frame.Bottom + LabelRow - 6, tick.Label, "middle")),
            Svg.Text("axis-title", frame.Right, frame.Bottom + LabelRow + 12, XTitle, "end"),
            Rows.Select((row, i) => Draw(frame, row, top + (i * rowHeight), rowHeight)));
    }

    private Frame FrameOf(double width, double top, double bottom)
    {
        var left = Widest(row => row.Name) + 12;
        var right = width - Math.Max(16, Widest(row => row.Remark) + 10);
        var axis = Axis.FromZero(Rows.Select(row => row.Parts.Where(Axis.CanDraw).Sum()).Append(AtLeast), Frame.PartsOf(right - left));
        return new(axis, axis, left, top, right, bottom);
    }

    private double Widest(Func<BarRow, string> text) =>
        Rows.Select(row => TextWidth.Of(text(row), Frame.FontSize)).DefaultIfEmpty(0).Max();

    private XElement Draw(Frame frame, BarRow row, double top, double height)
    {
        var thick = Math.Min(32, height * 0.72);
        var middle = top + (height / 2) + 4;
        return Svg.Group($"row {row.Css}".TrimEnd(),
            Svg.Text("tick", frame.Left - 8, middle, row.Name, "end"),
            Boxes(frame, row, top + ((height - thick) / 2), thick),
            Svg.Text("remark", frame.PlaceX(row.Parts.Where(Axis.CanDraw).Sum()) + 8, middle, row.Remark));
    }

    private IEnumerable<XElement> Boxes(Frame frame, BarRow row, double top, double height)
    {
        var start = 0.0;
        foreach (var (length, part) in row.Parts.Zip(Parts).Where(pair => pair.First > 0 && Axis.CanDraw(pair.First)))
        {
            var (left, right) = (frame.PlaceX(start), frame.PlaceX(start + length));
            yield return Svg.Box($"part {part.Css}", left, top, right - left, height, $"{row.Name}, {part.Name}: {Format(length)}");
            start += length;
        }
    }
}
