using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The page of one run.</summary>
internal static class RunPage
{
    public static string Compose(RunRecord run)
    {
        var charts = new LearningCharts([run]);
        return Page.Compose(run.Title,
            Page.Header(run.Title, RunText.Lead(run), [run.Dataset, run.Model, run.Consistency, Format.Date(run.When)]),
            Tiles(run),
            Html.Section("Learning", Html.Element("div", "grid",
                Figure.Of("Loss over time", RunText.OfLoss(run), charts.LossOverTime().Draw),
                Figure.Of("Loss over examples", "The same steps by how many examples all workers had seen.", charts.LossOverExamples().Draw),
                Figure.Of(MetricText.Chart(run.Metric), MetricText.Meaning(run.Metric), charts.AccuracyByEpoch().Draw),
                run.Epochs.Count == 0 ? null : Html.Element("div", "cell", RunTables.Epochs(run)))),
            run.Findings is { } findings
                ? Html.Section("What was learned", [.. findings.Lines.Select(line => Html.Paragraph(RunText.Ended(MetricText.Capital(line)))), RunTables.Findings(findings)])
                : null,
            run.HasChanged() ? Html.Section("Changes of policy", RunTables.Policies(run)) : null,
            Html.Section("Waiting and staleness", Html.Element("div", "grid",
                Figure.Of("Where the workers' time went", RunText.OfWaiting(run), WorkerCharts.Time(run.Consistency, run, WorkerCharts.Longest([run])).Draw),
                Figure.Of("Staleness", RunText.OfStaleness(run), WorkerCharts.Staleness(run.Consistency, run, 0).Draw)),
                run.Workers.Count == 0 ? null : RunTables.Workers(run)),
            Html.Section("How it was run", Html.Element("div", "grid",
                Html.Element("div", "cell", RunTables.Environment(run)), Html.Element("div", "cell", RunTables.Options(run)))));
    }

    private static XElement Tiles(RunRecord run) => Html.Element("dl", "tiles",
        Tile(MetricText.Heading(run.Metric), Format.Score(run.Metric, run.FinalScore), "at the end"),
        run.TargetAccuracy is { } target ? Tile($"Time to {Format.Target(target)}", Format.Seconds(run.SecondsToTarget), run.SecondsToTarget is null ? "not reached" : "first seen") : null,
        Tile("Duration", Format.Seconds(run.Seconds), $"{Format.Count(run.Epochs.Count)} evaluations, {Format.Count(run.Snapshots)} snapshots"),
        Tile("Throughput", Format.Count(run.ExamplesPerSecond()), "examples per second"),
        Tile("Waiting", Format.Share(run.IdleShare()), "of the workers' time"),
        Tile("Staleness", Format.Count(run.MaxStaleness()), run.HasChanged() ? "at most; the bound changed" : run.StalenessBound is { } bound ? $"at most; the bound is {bound}" : "at most; no bound"));

    private static XElement Tile(string name, string value, string remark) => Html.Element("div", null,
        Html.Element("dt", null, name), Html.Element("dd", "value", value), Html.Element("dd", "remark", remark));
}
