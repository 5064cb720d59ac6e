using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>The plot of a chart inside its picture: two axes, and where their values come to lie.</summary>
internal sealed record Frame(Axis X, Axis Y, double Left, double Top, double Right, double Bottom)
{
    public const double FontSize = 12.5;

    private const double TitleRow = 30, LabelRow = 22, BottomTitleRow = 20, RightRoom = 16;

    public double Width => Right - Left;

    /// <summary>Leaves room for the labels of both axes, their titles and a legend of a given height.</summary>
    public static Frame Fit(Size size, double legendHeight, Axis x, Axis y)
    {
        var widest = y.Ticks.Select(tick => TextWidth.Of(tick.Label, FontSize)).DefaultIfEmpty(0).Max();
        return new(x, y, widest + 10, legendHeight + TitleRow, size.Width - RightRoom, size.Height - LabelRow - BottomTitleRow);
    }

    /// <summary>How many marks fit on an axis along the foot of a picture.</summary>
    public static int PartsOf(double width) => Math.Max(4, (int)(width / 60));

    public double PlaceX(double value) => Left + (X.Place(value) * Width);

    public double PlaceY(double value) => Bottom - (Y.Place(value) * (Bottom - Top));

    /// <summary>Gridlines, labels and titles.</summary>
    public XElement Draw(string xTitle, string yTitle) => Svg.Group("axes",
        Y.Ticks.Select(tick => Svg.Line("grid", Left, PlaceY(tick.Value), Right, PlaceY(tick.Value))),
        Y.Ticks.Select(tick => Svg.Text("tick", Left - 8, PlaceY(tick.Value) + 4, tick.Label, "end")),
        Svg.Line("axis", Left, Bottom, Right, Bottom),
        X.Ticks.Select(tick => Svg.Line("axis", PlaceX(tick.Value), Bottom, PlaceX(tick.Value), Bottom + 4)),
        X.Ticks.Select(tick => Svg.Text("tick", PlaceX(tick.Value), Bottom + LabelRow - 4, tick.Label, "middle")),
        Svg.Text("axis-title", 0, Top - 16, yTitle),
        Svg.Text("axis-title", Right, Bottom + LabelRow + 14, xTitle, "end"));

}
