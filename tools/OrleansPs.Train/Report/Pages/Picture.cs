using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Report.Pages;

/// <summary>Two charts side by side under a heading and some sentences, as a picture that stands alone, with its own colors for light and dark.</summary>
internal static class Picture
{
    private const double Width = 820, Margin = 22, Gap = 34, Heading = 34, LineHeight = 20, ChartHeight = 320;

    /// <summary>Lays out and prints the picture.</summary>
    public static string Compose(string title, IReadOnlyList<string> sentences, LineChart left, LineChart right)
    {
        var lines = sentences.SelectMany(sentence => TextWidth.Wrap(sentence, Frame.FontSize, Width - (3 * Margin))).ToArray();
        var top = Heading + ((lines.Length + 1) * LineHeight) + 8;
        var picture = Svg.Picture(new(Width, top + ChartHeight + 14), title, string.Join(" ", sentences),
            new XAttribute("width", Width), new XAttribute("height", top + ChartHeight + 14),
            Svg.Element("style", Page.Resource("charts.css")),
            Svg.Box("card", 0.5, 0.5, Width - 1, top + ChartHeight + 13),
            Svg.Text("heading", Margin, Heading, title),
            lines.Select((line, i) => Svg.Text("axis-title", Margin, Heading + 2 + ((i + 1) * LineHeight), line)),
            Charts(left, right, top));
        picture.DescendantsAndSelf().Attributes().Where(a => a.Name.LocalName.StartsWith("data-", StringComparison.Ordinal)).Remove();
        return Html.Print(picture) + "\n";
    }

    private static IEnumerable<XElement> Charts(LineChart left, LineChart right, double top)
    {
        var size = new Size((Width - (2 * Margin) - Gap) / 2, ChartHeight);
        yield return Placed(left.Draw(size), Margin, top);
        yield return Placed(right.Draw(size), Margin + size.Width + Gap, top);
    }

    // The picture has one title and description for both charts.
    private static XElement Placed(XElement chart, double x, double y) => Svg.Element("g",
        new XAttribute("transform", $"translate({Svg.Number(x)} {Svg.Number(y)})"),
        chart.Elements().Where(element => element.Name.LocalName is not ("title" or "desc")));
}
