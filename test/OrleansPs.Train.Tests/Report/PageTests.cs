using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrleansPs.Train.Report;
using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Train.Tests.Report;

/// <summary>The pages as files: whole, safe, and the same on every machine.</summary>
public sealed partial class PageTests
{
    private const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(2)> & \" ' ]]> --> \u0001\uD800 \U0001F600";

    private static readonly RunRecord[] Runs = [.. SampleRuns.Comparison(workers: 3, steps: 60)];

    private static readonly Dictionary<string, string> All = Compose();

    public static TheoryData<string> Pages => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_is_well_formed(string page)
    {
        var body = Body(All[page]);
        Assert.Contains(body.Descendants(), e => e.Name.LocalName == "svg");
        Assert.NotEmpty(body.Descendants("h1").Single().Value);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_closes_what_a_browser_would_leave_open(string page) =>
        Assert.DoesNotContain(SelfClosed().Matches(All[page]).Select(m => m.Groups[1].Value), name => Body(All[page]).Descendants(name).Any());

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_fetches_nothing(string page)
    {
        Assert.DoesNotMatch(@"(?i)(src|href)\s*=|@import|url\(", All[page]);
        Assert.DoesNotContain("http", All[page].Replace("http-equiv", "", StringComparison.Ordinal)
            .Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_coordinate_is_a_number(string page)
    {
        string[] names = ["x", "y", "x1", "x2", "y1", "y2", "width", "height", "d", "transform", "viewBox", "data-plot"];
        var values = Body(All[page]).Descendants().Attributes().Where(a => names.Contains(a.Name.LocalName)).Select(a => a.Value).ToArray();
        Assert.NotEmpty(values);
        Assert.All(values, value => Assert.DoesNotMatch("NaN|Infinity|\u221E|E[+-]?[0-9]", value));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_table_has_a_caption_and_every_row_a_name(string page)
    {
        var body = Body(All[page]);
        Assert.All(body.Descendants("table"), table => Assert.NotEmpty(table.Element("caption")!.Value));
        Assert.All(body.Descendants("tr"), row => Assert.Contains((string?)row.Elements("th").First().Attribute("scope"), new[] { "row", "col" }));
    }

    [Fact]
    public void Names_stay_text_whatever_they_contain()
    {
        var run = Runs[1] with
        {
            Title = Hostile, Model = Hostile, Dataset = Hostile, Machine = Hostile, Consistency = Hostile, Stragglers = Hostile, Options = [new(Hostile, Hostile)],
        };
        var clean = "<script>alert(1)</script><img src=x onerror=alert(2)> & \" ' ]]> --> \uFFFD\uFFFD \U0001F600";
        foreach (var page in new[] { RunPage.Compose(run), ComparisonPage.Compose([run, run]) })
        {
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
            Assert.Single(Regex.Matches(page, "<script"));
            Assert.Contains(clean, Body(page).Value, StringComparison.Ordinal);
        }

        Assert.Contains(clean, XDocument.Parse(ComparisonPicture.Compose([run])).Root!.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", ComparisonPicture.Compose([run]), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_scripts_own_hash_may_run()
    {
        var page = RunPage.Compose(Runs[0]);
        var script = Regex.Match(page, "<script>(.*)</script>", RegexOptions.Singleline).Groups[1].Value;
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(script)));
        Assert.Contains($"script-src 'sha256-{hash}'", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', page);
    }

    [Fact]
    public void Another_language_changes_nothing()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "minus", NaNSymbol = "nan?", PercentSymbol = "pc" };
        culture.DateTimeFormat = new() { TimeSeparator = "h", DateSeparator = "!", MonthNames = [.. Enumerable.Repeat("Monat", 13)], MonthGenitiveNames = [.. Enumerable.Repeat("Monat", 13)] };
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(All, Compose());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_picture_of_a_run_says_how_it_ended_and_shows_its_curves()
    {
        var run = Runs[1] with { Metric = Training.EvaluationMetric.Auc, FinalScore = 0.98765 };
        var root = XDocument.Parse(RunPicture.Compose(run)).Root!;
        Assert.Contains("Test AUC at the end: 0.9877.", root.Value, StringComparison.Ordinal);
        Assert.Contains(run.Title, root.Value, StringComparison.Ordinal);
        Assert.Equal(2, root.Descendants().Count(e => ((string?)e.Attribute("class"))?.StartsWith("series", StringComparison.Ordinal) == true));
        Assert.DoesNotContain("at the end", RunPicture.Compose(run with { FinalScore = null, Losses = [], Epochs = [] }), StringComparison.Ordinal);
    }

    [Fact]
    public void The_picture_stands_alone_and_holds_still()
    {
        var root = XDocument.Parse(ComparisonPicture.Compose(Runs)).Root!;
        Assert.Equal("svg", root.Name.LocalName);
        Assert.DoesNotContain(root.Descendants(), e => e.Name.LocalName is "script" or "animate" or "foreignObject" or "image");
        Assert.DoesNotContain(root.Descendants().Attributes(), a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || a.Name.LocalName.StartsWith("data-", StringComparison.Ordinal));
        Assert.Contains("prefers-color-scheme: dark", root.Value, StringComparison.Ordinal);
        Assert.Equal(Runs.Length * 2, root.Descendants().Count(e => ((string?)e.Attribute("class"))?.StartsWith("series", StringComparison.Ordinal) == true));
    }

    [Fact]
    public void The_files_hold_the_pages()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            HtmlReport.Write(path, Runs[0]);
            Assert.Equal(RunPage.Compose(Runs[0]), File.ReadAllText(path));
            HtmlReport.WriteSvg(path, Runs[0]);
            Assert.Equal(RunPicture.Compose(Runs[0]), File.ReadAllText(path));
            HtmlReport.WriteComparison(path, Runs);
            Assert.Equal(ComparisonPage.Compose(Runs), File.ReadAllText(path));
            HtmlReport.WriteComparisonSvg(path, Runs);
            Assert.Equal(ComparisonPicture.Compose(Runs), File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Dictionary<string, string> Compose()
    {
        var run = Runs[1];
        var empty = run with { Options = [], Epochs = [], Losses = [], Workers = [], Staleness = [], Stragglers = null, Seconds = 0, FinalScore = null, TargetAccuracy = null, SecondsToTarget = null };
        var point = empty with { Losses = [new(1, 64, 2.3)], Epochs = [new(1, 1, 2.3, 0.1)], Staleness = [new(0, 1)], Workers = [new(0, 1, 64, 1, 1, 0, 0, 0, 2.3)] };
        var diverged = run with
        {
            Losses = [.. run.Losses.Select((p, i) => p with { Loss = i < 20 ? p.Loss : i < 40 ? 1e300 : i < 60 ? double.PositiveInfinity : double.NaN })],
            Epochs = [.. run.Epochs.Select(p => p with { TrainLoss = double.NaN, TestScore = double.NaN })],
            Workers = [.. run.Workers.Select(w => w with { Seconds = 0, ComputeSeconds = double.NaN, FinalLoss = double.NaN })], FinalScore = double.NaN,
        };
        return new()
        {
            ["a run"] = RunPage.Compose(run), ["an empty run"] = RunPage.Compose(empty), ["a run of one point"] = RunPage.Compose(point),
            ["a run whose policy changed"] = RunPage.Compose(run with { Policies = [new("BSP", 0, 0, 0, 10, 0), new("ASP", null, 1.5, 2, 10, 4)] }),
            ["a run that diverged"] = RunPage.Compose(diverged), ["a comparison"] = ComparisonPage.Compose(Runs),
            ["a comparison of what there is"] = ComparisonPage.Compose([empty, point, diverged, run]), ["a comparison of one"] = ComparisonPage.Compose([run]),
            ["a comparison of empty runs"] = ComparisonPage.Compose([empty, empty]),
        };
    }

    private static XElement Body(string page)
    {
        var start = page.IndexOf("<main>", StringComparison.Ordinal);
        return XElement.Parse(page[start..(page.IndexOf("</main>", StringComparison.Ordinal) + "</main>".Length)]);
    }

    [GeneratedRegex(@"<(\w+)[^<>]*/>")]
    private static partial Regex SelfClosed();
}
