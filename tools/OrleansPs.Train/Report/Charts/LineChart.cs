using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>One line of a chart. Its index gives it color and shape.</summary>
internal sealed record LineSeries(string Name, int Index, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>Whether the range of each point is shown behind the line.</summary>
    public bool HasBand { get; init; }

    /// <summary>Whether each point is marked, for points that were measured one by one.</summary>
    public bool HasMarks { get; init; }
}

/// <summary>Lines over a common axis, with a legend if there are several.</summary>
internal sealed record LineChart(string Title, string Description, IReadOnlyList<LineSeries> Series)
{
    public required string XTitle { get; init; }

    public required string YTitle { get; init; }

    /// <summary>How a pointed-at value of each axis prints.</summary>
    public required Func<double, string> XFormat { get; init; }

    public required Func<double, string> YFormat { get; init; }

    /// <summary>Whether Y is a share; otherwise a loss, whose axis is logarithmic where that shows more.</summary>
    public bool IsShare { get; init; }

    /// <summary>The axes, where they are not those that fit the points.</summary>
    public Axis? XAxis { get; init; }

    /// <inheritdoc cref="XAxis"/>
    public Axis? YAxis { get; init; }

    /// <summary>A value of Y to compare with, drawn across the plot.</summary>
    public (double Value, string Label)? Reference { get; init; }

    public XElement Draw(Size size)
    {
        if (!Points.Any()) return Svg.Nothing(size, Title);
        var legend = Legend.Of(size.Width, Series.Count > 1 ? Series.Select(s => (s.Name, LegendMark(s.Index))) : []);
        var y = YAxis ?? FittingYAxis();
        var frame = Frame.Fit(size, legend.Height, XAxis ?? Axis.FromZero(Points.Select(p => p.X), Frame.PartsOf(size.Width)), y);
        return Svg.Picture(size, Title, Description,
            new XAttribute("data-plot", string.Join(' ', new[] { frame.Left, frame.Top, frame.Right, frame.Bottom }.Select(Svg.Number))),
            legend.Draw(),
            frame.Draw(XTitle, y.IsLogarithmic ? $"{YTitle}, log scale" : YTitle),
            Series.Select(s => s.HasBand ? Band(frame, s) : null),
            DrawReference(frame),
            Series.Select(s => Draw(frame, s)));
    }

    private IEnumerable<CurvePoint> Points => Series.SelectMany(s => s.Points).Where(IsDrawn);

    private static bool IsDrawn(CurvePoint p) => Axis.CanDraw(p.X) && Axis.CanDraw(p.Y);

    private Axis FittingYAxis()
    {
        var bands = Series.Where(s => s.HasBand).SelectMany(s => s.Points).Where(IsDrawn).SelectMany(p => new[] { p.Low, p.High });
        double[] values = [.. Points.Select(p => p.Y), .. bands, .. Reference is { } r ? [r.Value] : Array.Empty<double>()];
        return IsShare ? Axis.Rounded(values, 6, percent: true) : Axis.ForLoss(values, 7);
    }

    private static XElement LegendMark(int index) => Svg.Group(Marker.ColorOf(index), Svg.Line("line", -9, 0, 9, 0), Marker.At(index, 0, 0));

    private XElement Draw(Frame frame, LineSeries series)
    {
        var drawn = series.Points.Where(IsDrawn).ToArray();
        var marked = series.HasMarks ? drawn : drawn.TakeLast(1);
        return Svg.Group($"series {Marker.ColorOf(series.Index)}",
            new XAttribute("data-name", series.Name), new XAttribute("data-points", string.Join('|', drawn.Select(p => Hint(frame, p)))),
            Svg.Path("line", string.Concat(Pieces(series.Points).Select(piece => Svg.Through(piece.Select(p => At(frame, p)))))),
            marked.Select(p => Marker.At(series.Index, frame.PlaceX(p.X), frame.PlaceY(p.Y))));
    }

    // Read by the page's script: where the point is, and what to say about it.
    private string Hint(Frame frame, CurvePoint p) =>
        $"{Svg.Number(frame.PlaceX(p.X))} {Svg.Number(frame.PlaceY(p.Y))} {XFormat(p.X).Replace(' ', '\u00a0')} {YFormat(p.Y).Replace(' ', '\u00a0')}";

    private static XElement Band(Frame frame, LineSeries series) => Svg.Path($"band {Marker.ColorOf(series.Index)}", string.Concat(
        Pieces(series.Points).Select(piece => Svg.Through(
            piece.Select(p => (frame.PlaceX(p.X), frame.PlaceY(p.High)))
                .Concat(piece.AsEnumerable().Reverse().Select(p => (frame.PlaceX(p.X), frame.PlaceY(p.Low))))) + "Z")));

    // The line ends before a gap and begins anew after it.
    private static IEnumerable<IReadOnlyList<CurvePoint>> Pieces(IReadOnlyList<CurvePoint> points)
    {
        var piece = new List<CurvePoint>();
        foreach (var point in points.Append(new(0, double.NaN)))
        {
            if (IsDrawn(point))
            {
                piece.Add(point);
            }
            else if (piece.Count > 0)
            {
                yield return piece;
                piece = [];
            }
        }
    }

    private static (double X, double Y) At(Frame frame, CurvePoint p) => (frame.PlaceX(p.X), frame.PlaceY(p.Y));

    private XElement? DrawReference(Frame frame)
    {
        if (Reference is not { } reference) return null;
        var y = frame.PlaceY(reference.Value);
        var (left, text) = NotePlace(frame, y, TextWidth.Of(reference.Label, Frame.FontSize));
        var atStart = left < (frame.Left + frame.Right) / 2;
        return Svg.Group("reference", Svg.Line("rule", frame.Left, y, frame.Right, y),
            Svg.Text("note", atStart ? left : frame.Right - 2, text, reference.Label, atStart ? "start" : "end"));
    }

    // Where the fewest lines run through the name: below or above the rule, at its end or its start.
    private (double Left, double Base) NotePlace(Frame frame, double y, double width)
    {
        var curve = Series.SelectMany(s => s.Points.Where(IsDrawn).Zip(s.Points.Where(IsDrawn).Skip(1)))
            .SelectMany(pair => Between(At(frame, pair.First), At(frame, pair.Second))).ToArray();
        (double Left, double Base)[] places =
            [(frame.Right - width - 2, y + 16), (frame.Right - width - 2, y - 7), (frame.Left + 6, y - 7), (frame.Left + 6, y + 16)];
        return places.Where(p => p.Base < frame.Bottom - 6 && p.Base > frame.Top + 10).DefaultIfEmpty(places[1])
            .MinBy(p => curve.Count(c => c.X > p.Left - 4 && c.X < p.Left + width + 4 && c.Y > p.Base - 13 && c.Y < p.Base + 5));
    }

    private static IEnumerable<(double X, double Y)> Between((double X, double Y) a, (double X, double Y) b) =>
        Enumerable.Range(0, 21).Select(i => (a.X + ((b.X - a.X) * i / 20), a.Y + ((b.Y - a.Y) * i / 20)));
}
