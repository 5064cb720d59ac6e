using System.Runtime.CompilerServices;
using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;
using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Train.Tests.Report;

/// <summary>
/// Small charts as they were last looked at and found good. After a wanted change, write them anew with ACCEPT_GOLDEN=1, look
/// at them, and review the difference.
/// </summary>
public sealed class GoldenChartTests
{
    [Fact]
    public void Lines() => Check("lines.svg", new LineChart("Loss", "Two lines, one with a gap.",
        [
            new("BSP", 0, [new(0, 2), new(2, 1), new(4, 0.5)]),
            new("ASP", 1, [new(0, 2), new(1, 1.5), new(2, double.NaN), new(3, 0.7)]) { HasMarks = true },
        ])
    {
        XTitle = "seconds", YTitle = "loss", XFormat = Svg.Number, YFormat = Svg.Number, Reference = (0.6, "target 0.6"),
    }.Draw(new(360, 240)));

    [Fact]
    public void Bars() => Check("histogram.svg", new Histogram("Staleness", "Two of four clocks at 1.", [(0, 1), (1, 2), (2, 1)])
    {
        XTitle = "clocks", YTitle = "share", Bound = 2,
    }.Draw(new(360, 240)));

    [Fact]
    public void Rows() => Check("stacked-bars.svg", new StackedBars("Time", "Two workers.", [new("rank 0", [3, 1], "25%"), new("rank 1", [4, 0], "0%")])
    {
        XTitle = "seconds", Parts = [("computing", "compute"), ("waiting", "idle")], Format = Svg.Number,
    }.Draw(new(360, 240)));

    private static void Check(string name, XElement chart)
    {
        var path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "Golden", name);
        chart.AddFirst(Svg.Element("style", "svg { font: 12.5px sans-serif; } .line { fill: none; stroke: #1d5fc4; } .grid, .rule, .axis { stroke: #bbbbbb; }"));
        var actual = Html.Print(chart) + "\n";
        if (Environment.GetEnvironmentVariable("ACCEPT_GOLDEN") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
