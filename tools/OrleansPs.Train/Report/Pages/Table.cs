using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>Tables: a caption, headings, and rows whose first cell names them.</summary>
internal static class Table
{
    /// <summary>Numbers in columns, set to the right.</summary>
    public static XElement OfNumbers(string caption, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<object?>> rows) =>
        Scrolling(caption, Html.Element("table", "numbers", Html.Element("caption", null, caption),
            Html.Element("thead", null, Html.Element("tr", null, headings.Select(heading => Heading("col", heading)))),
            Html.Element("tbody", null, rows.Select(Row))));

    /// <summary>Names and values.</summary>
    public static XElement OfValues(string caption, IEnumerable<NamedValue> values) =>
        Scrolling(caption, Html.Element("table", "values", Html.Element("caption", null, caption),
            Html.Element("tbody", null, values.Select(value => Row([value.Name, value.Value])))));

    private static XElement Row(IReadOnlyList<object?> cells) => Html.Element("tr", null,
        Heading("row", cells[0]), cells.Skip(1).Select(cell => cell as XElement ?? Html.Element("td", null, cell)));

    private static XElement Heading(string scope, object? content) =>
        Html.Element("th", null, new XAttribute("scope", scope), content);

    // What is too wide for a phone scrolls by itself; the keyboard can reach it to scroll it.
    private static XElement Scrolling(string caption, XElement table) => Html.Element("div", "scrolling",
        new XAttribute("tabindex", "0"), new XAttribute("role", "region"), new XAttribute("aria-label", caption), table);
}
