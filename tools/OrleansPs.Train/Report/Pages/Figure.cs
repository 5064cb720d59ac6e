using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Report.Pages;

/// <summary>A chart with its heading and a line on how to read it.</summary>
internal static class Figure
{
    private static readonly Size Wide = new(520, 310), Phone = new(360, 290), Panel = new(310, 230);

    /// <summary>Half of a wide page, or all of a phone's: drawn once for each, so that labels keep their size.</summary>
    public static XElement Of(string heading, string explanation, Func<Size, XElement> draw) =>
        Compose(heading, explanation, Variant("wide", draw(Wide)), Variant("phone", draw(Phone)));

    /// <summary>A third of a wide page, for one of several alike.</summary>
    public static XElement Small(string heading, string explanation, Func<Size, XElement> draw) => Compose(heading, explanation, draw(Panel));

    private static XElement Compose(string heading, string explanation, params object[] pictures) => Html.Element("figure", null,
        Html.Element("figcaption", null, Html.Element("h3", null, heading), Html.Optional(explanation)), pictures);

    private static XElement Variant(string css, XElement picture)
    {
        picture.SetAttributeValue("class", $"chart {css}");
        return picture;
    }
}
