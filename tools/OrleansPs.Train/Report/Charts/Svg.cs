using System.Globalization;
using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>How large a picture is drawn, in units that are pixels when nothing scales it.</summary>
internal readonly record struct Size(double Width, double Height);

/// <summary>The elements that charts are made of. Colors and fonts are left to the style sheet, by class.</summary>
internal static class Svg
{
    public static XNamespace Namespace { get; } = "http://www.w3.org/2000/svg";

    /// <summary>A picture with the title and description that a screen reader reads out.</summary>
    public static XElement Picture(Size size, string title, string description, params object?[] content) => Element("svg",
        new XAttribute("viewBox", $"0 0 {Number(size.Width)} {Number(size.Height)}"), new XAttribute("role", "img"),
        new XAttribute("class", "chart"), Element("title", title), Element("desc", description), content);

    /// <summary>The picture of what was not measured.</summary>
    public static XElement Nothing(Size size, string title) => Picture(size, title, "Nothing was measured.",
        Box("empty", 0.5, 0.5, size.Width - 1, size.Height - 1), Text("nothing", size.Width / 2, size.Height / 2, "Nothing was measured.", "middle"));

    public static XElement Element(string name, params object?[] content) => new(Namespace + name, content);

    public static XElement Group(string css, params object?[] content) => Element("g", new XAttribute("class", css), content);

    public static XElement Line(string css, double x1, double y1, double x2, double y2) =>
        Element("line", Class(css), At("x1", x1), At("y1", y1), At("x2", x2), At("y2", y2));

    /// <summary>A box, with the words that appear when one points at it.</summary>
    public static XElement Box(string css, double x, double y, double width, double height, string? hint = null) => Element("rect",
        Class(css), At("x", x), At("y", y), At("width", Math.Max(0, width)), At("height", Math.Max(0, height)),
        hint is null ? null : Element("title", hint));

    public static XElement Text(string css, double x, double y, string text, string anchor = "start") =>
        Element("text", Class(css), At("x", x), At("y", y), anchor == "start" ? null : new XAttribute("text-anchor", anchor), text);

    public static XElement Path(string css, string data) => Element("path", Class(css), new XAttribute("d", data));

    /// <summary>A line through points, for a path's data.</summary>
    public static string Through(IEnumerable<(double X, double Y)> points) =>
        string.Concat(points.Select((p, i) => $"{(i == 0 ? 'M' : 'L')}{Number(p.X)} {Number(p.Y)}"));

    /// <summary>A coordinate: at most two decimals, with a point whatever the machine's language.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static XAttribute Class(string css) => new("class", css);

    private static XAttribute At(string name, double value) => new(name, Number(value));
}
