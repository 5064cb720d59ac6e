using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>Names beside their marks, in as many rows as they need; drawn along the top of a picture.</summary>
internal sealed class Legend
{
    private const double RowHeight = 22, Mark = 26, Gap = 18;

    private readonly List<(string Name, XElement Mark, double X, double Y)> _entries = [];

    private Legend()
    {
    }

    /// <summary>How much of the picture it takes; 0 without entries.</summary>
    public double Height => _entries.Count == 0 ? 0 : _entries[^1].Y + RowHeight - 8;

    /// <summary>Lays out the entries; each is given its mark, drawn around the point (0, 0), about 20 wide.</summary>
    public static Legend Of(double width, IEnumerable<(string Name, XElement Mark)> entries)
    {
        var legend = new Legend();
        var (x, y) = (0.0, 12.0);
        foreach (var (name, mark) in entries)
        {
            var wide = Mark + TextWidth.Of(name, Frame.FontSize);
            if (x > 0 && x + wide > width) (x, y) = (0, y + RowHeight);
            legend._entries.Add((name, mark, x, y));
            x += wide + Gap;
        }

        return legend;
    }

    public XElement? Draw() => _entries.Count == 0 ? null : Svg.Group("legend", _entries.Select(entry => Svg.Group("entry",
        Svg.Element("g", new XAttribute("transform", $"translate({Svg.Number(entry.X + 10)} {Svg.Number(entry.Y)})"), entry.Mark),
        Svg.Text("name", entry.X + Mark, entry.Y + 4, entry.Name))));
}
