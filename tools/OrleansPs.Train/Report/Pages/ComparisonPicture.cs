using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Report.Pages;

/// <summary>Loss and accuracy over time of several runs as a picture that stands alone, with its own colors for light and dark.</summary>
internal static class ComparisonPicture
{
    private const double Width = 820, Height = 400, Margin = 22, Gap = 34, Top = 82;

    public static string Compose(IReadOnlyList<RunRecord> runs)
    {
        var size = new Size((Width - (2 * Margin) - Gap) / 2, Height - Top - Margin + 8);
        var charts = new LearningCharts(runs);
        var title = ComparisonPage.Title(runs);
        var text = new ComparisonText(runs);
        var findings = runs.Count == 0 ? [] : text.Findings().Append(text.Stragglers()).ToArray();
        var picture = Svg.Picture(new(Width, Height), title, string.Join(" ", findings),
            new XAttribute("width", Width), new XAttribute("height", Height),
            Svg.Element("style", Page.Resource("charts.css")),
            Svg.Box("card", 0.5, 0.5, Width - 1, Height - 1),
            Svg.Text("heading", Margin, 34, title),
            Svg.Text("axis-title", Margin, 56, runs.Count == 0 ? "" : text.Stragglers()),
            Svg.Group("left", At(Margin), charts.LossOverTime().Draw(size).Elements().Where(IsDrawn)),
            Svg.Group("right", At(Margin + size.Width + Gap), charts.AccuracyOverTime().Draw(size).Elements().Where(IsDrawn)));
        foreach (var series in picture.Descendants().Attributes().Where(a => a.Name.LocalName.StartsWith("data-", StringComparison.Ordinal)).ToArray())
        {
            series.Remove();
        }

        return Html.Print(picture) + "\n";
    }

    private static XAttribute At(double x) => new("transform", $"translate({Svg.Number(x)} {Svg.Number(Top)})");

    // The picture has one title and description for both charts.
    private static bool IsDrawn(XElement element) => element.Name.LocalName is not ("title" or "desc");
}
