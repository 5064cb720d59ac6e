using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Report.Pages;

/// <summary>Charts side by side under a heading and some sentences, as a picture that stands alone, with its own colors for light and dark.</summary>
internal static class Picture
{
    private const double Width = 820, Margin = 22, Gap = 34, Heading = 34, LineHeight = 20, ChartHeight = 320;

    /// <summary>Lays out and prints the picture.</summary>
    public static string Compose(string title, IReadOnlyList<string> sentences, LineChart left, LineChart right) =>
        Compose(title, sentences, [left.Draw, right.Draw], ChartHeight);

    /// <summary>Lays out and prints a picture of any number of charts.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="sentences">What is to be seen.</param>
    /// <param name="charts">Each draws a chart of a size.</param>
    /// <param name="chartHeight">How high they are.</param>
    /// <param name="columns">How many stand side by side.</param>
    public static string Compose(string title, IReadOnlyList<string> sentences, IReadOnlyList<Func<Size, XElement>> charts, double chartHeight, int columns = 2)
    {
        var lines = sentences.SelectMany(sentence => TextWidth.Wrap(sentence, Frame.FontSize, Width - (3 * Margin))).ToArray();
        var top = Heading + ((lines.Length + 1) * LineHeight) + 8;
        var height = top + ((charts.Count + columns - 1) / columns * (chartHeight + 14));
        var chartWidth = (Width - (2 * Margin) - ((columns - 1) * Gap)) / columns;
        var picture = Svg.Picture(new(Width, height), title, string.Join(" ", sentences),
            new XAttribute("width", Width), new XAttribute("height", height),
            Svg.Element("style", Page.Resource("charts.css")),
            Svg.Box("card", 0.5, 0.5, Width - 1, height - 1),
            Svg.Text("heading", Margin, Heading, title),
            lines.Select((line, i) => Svg.Text("axis-title", Margin, Heading + 2 + ((i + 1) * LineHeight), line)),
            charts.Select((draw, i) => Placed(draw(new(chartWidth, chartHeight)), Margin + (i % columns * (chartWidth + Gap)), top + (i / columns * (chartHeight + 14)))));
        picture.DescendantsAndSelf().Attributes().Where(a => a.Name.LocalName.StartsWith("data-", StringComparison.Ordinal)).Remove();
        return Html.Print(picture) + "\n";
    }

    // The picture has one title and description for all charts.
    private static XElement Placed(XElement chart, double x, double y) => Svg.Element("g",
        new XAttribute("transform", $"translate({Svg.Number(x)} {Svg.Number(y)})"),
        chart.Elements().Where(element => element.Name.LocalName is not ("title" or "desc")));
}
