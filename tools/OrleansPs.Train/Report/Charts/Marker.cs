using System.Xml.Linq;

namespace OrleansPs.Train.Report.Charts;

/// <summary>The shapes that tell lines apart without their color.</summary>
internal static class Marker
{
    /// <summary>How many lines have a color and a shape of their own.</summary>
    public const int Kinds = 6;

    private static readonly string[] Shapes =
    [
        "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z", "M-3.7 -3.7H3.7V3.7H-3.7Z", "M0 -5L4.8 3.6H-4.8Z",
        "M0 -5.2L5.2 0L0 5.2L-5.2 0Z", "M0 5L4.8 -3.6H-4.8Z", "M-4.5 -1.5H-1.5V-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5Z",
    ];

    /// <summary>The class that colors the n-th line.</summary>
    public static string ColorOf(int index) => $"c{index % Kinds}";

    public static XElement At(int index, double x, double y, string? hint = null)
    {
        var mark = Svg.Path("mark", Shapes[index % Kinds]);
        mark.Add(new XAttribute("transform", $"translate({Svg.Number(x)} {Svg.Number(y)})"), hint is null ? null : Svg.Element("title", hint));
        return mark;
    }
}
