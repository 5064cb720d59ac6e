using System.Xml.Linq;
using OrleansPs.Train.Report.Charts;
using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Train.Tests.Report;

/// <summary>In every chart, at every size it is drawn at, texts stay inside the picture and clear of each other.</summary>
public sealed class LayoutTests
{
    private static readonly Dictionary<string, Func<Size, XElement>> All = Draw();

    public static TheoryData<string> Charts => [.. All.Keys];

    public static IEnumerable<object[]> ChartsAndWidths =>
        All.Keys.SelectMany(chart => new[] { 520, 360, 310 }.Select(width => new object[] { chart, width }));

    [Theory]
    [MemberData(nameof(ChartsAndWidths))]
    public void Texts_neither_overlap_nor_leave_the_picture(string chart, int width)
    {
        var texts = All[chart](new(width, 290)).Descendants(Svg.Namespace + "text").Select(Place).ToArray();
        Assert.NotEmpty(texts);
        Assert.All(texts, text => Assert.True(text.Left >= -1 && text.Right <= width + 1, $"\"{text.Text}\" from {text.Left:0} to {text.Right:0}"));
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.All(texts.Skip(i + 1), other => Assert.False(texts[i].Overlaps(other), $"\"{texts[i].Text}\" and \"{other.Text}\""));
        }
    }

    [Fact]
    public void A_long_text_is_broken_between_words_into_lines_that_fit()
    {
        var lines = TextWidth.Wrap("each step takes 10 ms and one in ten of them takes ten times as long", 12, 150);
        Assert.Equal("each step takes 10 ms and one in ten of them takes ten times as long", string.Join(' ', lines));
        Assert.InRange(lines.Count, 3, 5);
        Assert.All(lines, line => Assert.True(TextWidth.Of(line, 12) <= 150, line));
    }

    [Theory]
    [InlineData(0.79, true)]
    [InlineData(0.81, false)]
    public void The_name_of_a_target_stands_clear_of_the_line(double flat, bool above)
    {
        var line = new LineSeries("", 0, [new(0, 0.7), new(1, 0.9), new(3, flat), new(10, flat)]);
        var picture = new LineChart("", "", [line]) { XTitle = "", YTitle = "", XFormat = Svg.Number, YFormat = Svg.Number, IsShare = true, Reference = (0.8, "target") }
            .Draw(new(400, 300));
        var rule = (double)picture.Descendants().Single(e => (string?)e.Attribute("class") == "rule").Attribute("y1")!;
        Assert.Equal(above, (double)picture.Descendants(Svg.Namespace + "text").Single(e => e.Value == "target").Attribute("y")! < rule);
    }

    [Theory]
    [MemberData(nameof(Charts))]
    public void A_screen_reader_has_a_title_and_a_description_first(string chart)
    {
        var first = All[chart](new(400, 290)).Elements().Take(2).ToArray();
        Assert.Equal(["title", "desc"], first.Select(e => e.Name.LocalName));
        Assert.All(first, e => Assert.NotEmpty(e.Value));
    }

    private static Dictionary<string, Func<Size, XElement>> Draw()
    {
        var runs = SampleRuns.Comparison(workers: 4, steps: 150);
        var many = SampleRuns.Run(workers: 40, steps: 30, bound: 8);
        var charts = new Dictionary<string, Func<Size, XElement>>();
        foreach (var (name, some) in new[] { ("three runs", runs), ("one run", [runs[1]]), ("six runs", [.. runs, .. runs]) })
        {
            var learning = new LearningCharts(some);
            charts[$"loss over time of {name}"] = learning.LossOverTime().Draw;
            charts[$"loss over examples of {name}"] = learning.LossOverExamples().Draw;
            charts[$"accuracy over time of {name}"] = learning.AccuracyOverTime().Draw;
            charts[$"accuracy by epoch of {name}"] = learning.AccuracyByEpoch().Draw;
            charts[$"time to target of {name}"] = WorkerCharts.TimeToTarget(some, 0.8).Draw;
        }

        foreach (var run in runs.Append(many))
        {
            var name = $"{run.Consistency} with {run.Workers.Count} workers";
            charts[$"time of {name}"] = WorkerCharts.Time(run.Consistency, run, WorkerCharts.Longest(runs)).Draw;
            charts[$"staleness of {name}"] = WorkerCharts.Staleness(run.Consistency, run, 0).Draw;
        }

        return charts;
    }

    private static Box Place(XElement text)
    {
        var width = TextWidth.Of(text.Value, Frame.FontSize);
        var x = (double)text.Attribute("x")!;
        var left = (string?)text.Attribute("text-anchor") switch { "end" => x - width, "middle" => x - (width / 2), _ => x };
        var y = (double)text.Attribute("y")!;
        return new(text.Value, left, left + width, y - 10, y + 3);
    }

    private readonly record struct Box(string Text, double Left, double Right, double Top, double Bottom)
    {
        public bool Overlaps(Box other) => Left < other.Right && other.Left < Right && Top < other.Bottom && other.Top < Bottom;
    }
}
