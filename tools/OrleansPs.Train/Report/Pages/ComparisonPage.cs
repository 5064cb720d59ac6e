using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The page of several runs of one training under different consistency policies.</summary>
internal static class ComparisonPage
{
    public static string Compose(IReadOnlyList<RunRecord> runs)
    {
        var title = Title(runs);
        return Page.Compose(title,
            Header(title, runs, new ComparisonText(runs)),
            Summary(runs),
            Html.Section("Learning", Html.Element("div", "grid", Learning(runs))),
            Panels("Waiting", "Each bar is a worker, from its first step to its last, on one scale for all runs.", runs,
                (name, run, _) => Figure.Small(name, OfWaiting(run), WorkerCharts.Time(name, run, WorkerCharts.Longest(runs)).Draw)),
            Panels("Staleness", "How many clocks a worker was ahead of the slowest when it went on. The scales differ.", runs,
                (name, run, i) => Figure.Small(name, OfStaleness(run), WorkerCharts.Staleness(name, run, i).Draw)),
            Html.Section("How they were run", Html.Element("div", "grid", Environment(runs))));
    }

    /// <summary>Names what is compared.</summary>
    public static string Title(IReadOnlyList<RunRecord> runs) => runs.Count switch
    {
        0 => "No runs to compare",
        1 => $"{runs[0].Dataset} under {runs[0].Consistency}",
        _ => $"{runs[0].Dataset} under {Format.List(runs.Names())}",
    };

    private static XElement Header(string title, IReadOnlyList<RunRecord> runs, ComparisonText text) => Page.Header(title,
        [.. text.Findings().Take(1), .. runs.Count > 0 ? [text.Stragglers()] : Array.Empty<string>()],
        runs.Count == 0 ? [] : [runs[0].Dataset, runs[0].Model, Workers(runs), Format.Date(runs[0].When)]);

    private static string Workers(IReadOnlyList<RunRecord> runs) =>
        runs.Select(run => run.Workers.Count).Distinct().ToArray() is [var count and > 0] ? $"{count} {(count == 1 ? "worker" : "workers")}" : "";

    private static IEnumerable<XElement> Learning(IReadOnlyList<RunRecord> runs)
    {
        var charts = new LearningCharts(runs);
        yield return Figure.Of("Loss over time", OfLoss(runs), charts.LossOverTime().Draw);
        yield return Figure.Of("Accuracy over time", "The share of the test set that the model had right.", charts.AccuracyOverTime().Draw);
        yield return Figure.Of("Loss over examples", "The same steps by how many examples all workers had seen: what staleness costs shows here.", charts.LossOverExamples().Draw);
        if (LearningCharts.Target(runs) is { } target)
        {
            yield return Figure.Of("Time to the target", $"Wall clock until {Format.Target(target)} test accuracy was first seen.", WorkerCharts.TimeToTarget(runs, target).Draw);
        }
    }

    private static string OfLoss(IReadOnlyList<RunRecord> runs)
    {
        var names = runs.Names();
        var lost = runs.Select((run, i) => RunText.LostLosses(run) is { } steps ? $" {steps} of {names[i]} had no finite loss and are left out." : "");
        return $"The mean of the steps around a moment, by the wall clock: what waiting costs shows here.{string.Concat(lost)}";
    }

    private static XElement Summary(IReadOnlyList<RunRecord> runs)
    {
        var text = new ComparisonText(runs);
        return Html.Section("Summary", Table(runs),
            Html.Element("div", "reading", text.Findings().Skip(1).Select(finding => Html.Paragraph(finding)), Html.Optional(text.BoundedStaleness())));
    }

    private static XElement Table(IReadOnlyList<RunRecord> runs)
    {
        var target = LearningCharts.Target(runs);
        var names = runs.Names();
        var hasBackups = runs.Any(run => run.BackupWorkers > 0);
        return Pages.Table.OfNumbers("Runs side by side",
            ["Run", target is { } share ? $"Time to {Format.Target(share)}" : "Time to target", names.Count == 0 ? "x" : $"x {names[0]}", "Test accuracy", "Duration", "Examples per second", "Waiting", "Staleness, mean", "Staleness, max", .. hasBackups ? (string[])["Rounds missed"] : []],
            runs.Select((run, i) => (IReadOnlyList<object?>)
            [
                Swatch(names[i], i), Best(run, runs, r => r.SecondsToTarget ?? double.NaN, run.SecondsToTarget is null && run.TargetAccuracy is not null ? "not reached" : Format.Seconds(run.SecondsToTarget)),
                Format.Ratio(run.TimeRatio(runs[0])),
                Best(run, runs, r => -r.FinalScore ?? double.NaN, Format.FinalScore(run)),
                Format.Seconds(run.Seconds), Best(run, runs, r => -r.ExamplesPerSecond(), Format.Count(run.ExamplesPerSecond())),
                Best(run, runs, r => r.IdleShare(), Format.Share(run.IdleShare())), Format.Decimal(run.MeanStaleness()), Format.Count(run.MaxStaleness()),
                .. hasBackups ? (object?[])[Format.Count(run.RoundsMissed())] : [],
            ]));
    }

    private static XElement Swatch(string name, int index) => Html.Element("span", "run-name",
        Html.Element("span", $"swatch {Charts.Marker.ColorOf(index)}", new XAttribute("aria-hidden", "true")), name);

    // The best of a column stands out; a run that diverged is best at nothing.
    private static XElement Best(RunRecord run, IReadOnlyList<RunRecord> runs, Func<RunRecord, double> cost, string text)
    {
        var best = runs.Where(r => r.Diverged is null).Select(cost).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();
        return Html.Element("td", runs.Count > 1 && run.Diverged is null && cost(run) == best ? "best" : null, text);
    }

    private static XElement Panels(string title, string explanation, IReadOnlyList<RunRecord> runs, Func<string, RunRecord, int, XElement> panel)
    {
        var names = runs.Names();
        return Html.Section(title, Html.Paragraph(explanation, "explanation"), Html.Element("div", "panels", runs.Select((run, i) => panel(names[i], run, i))));
    }

    private static string OfWaiting(RunRecord run) =>
        run.Workers.Count == 0 ? "No worker finished a step." : $"Waiting took {Format.Share(run.IdleShare())} of all time.";

    private static string OfStaleness(RunRecord run) => run.Staleness.Count == 0
        ? "No clock was finished."
        : $"{Format.Decimal(run.MeanStaleness())} on average, {Format.Count(run.MaxStaleness())} at most; {(run.StalenessBound is { } bound ? $"bound {Format.Count(bound)}" : "no bound")}.";

    private static IEnumerable<XElement> Environment(IReadOnlyList<RunRecord> runs)
    {
        if (runs.Count == 0) yield break;
        yield return Html.Element("div", "cell", Pages.Table.OfValues("Environment",
        [
            new("Started", Format.Date(runs[0].When)), new("Machine", runs[0].Machine), new("Data set", runs[0].Dataset), new("Model", runs[0].Model),
            new("Snapshots taken", Format.Count(runs.Sum(run => run.Snapshots))),
        ]));
        var common = runs[0].Options.Where(option => runs.All(run => run.Options.Contains(option))).ToArray();
        var names = runs.Names();
        yield return Html.Element("div", "cell", Pages.Table.OfValues("Options",
            [.. common, .. runs.SelectMany((run, i) => run.Options.Except(common).Select(option => new NamedValue($"{option.Name} ({names[i]})", option.Value)))]));
    }
}
