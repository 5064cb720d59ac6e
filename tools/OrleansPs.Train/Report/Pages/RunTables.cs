using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The tables of one run.</summary>
internal static class RunTables
{
    public static XElement Workers(RunRecord run) => Table.OfNumbers("Workers",
        ["Rank", "Steps", "Examples", "Time", "Computing", "Transfer", "Waiting", "Waiting share", "Staleness, mean", "Staleness, max", "Last loss", "Restarts", .. run.BackupWorkers > 0 ? (string[])["Rounds missed"] : []],
        run.Workers.Select(w => (IReadOnlyList<object?>)
        [
            w.Rank.ToString(System.Globalization.CultureInfo.InvariantCulture), Format.Count(w.Steps), Format.Count(w.Examples),
            Format.Seconds(w.Seconds), Format.Seconds(w.ComputeSeconds), Format.Seconds(w.TransferSeconds), Format.Seconds(w.IdleSeconds),
            Format.Share(w.IdleShare()), Format.Decimal(w.MeanStaleness), Format.Count(w.MaxStaleness), Format.Loss(w.FinalLoss), Format.Count(w.Restarts),
            .. run.BackupWorkers > 0 ? (string[])[Format.Count(w.RoundsMissed)] : [],
        ]));

    public static XElement Epochs(RunRecord run) => Table.OfNumbers("Evaluations", ["Epoch", "Time", "Training loss", MetricText.Heading(run.Metric)],
        run.Epochs.Select(p => (IReadOnlyList<object?>)
            [Charts.Svg.Number(p.Epoch), Format.Seconds(p.Seconds), Format.Loss(p.TrainLoss), Format.Score(run.Metric, p.TestScore)]));

    public static XElement Policies(RunRecord run) => Table.OfNumbers("Policies", ["Policy", "From epoch", "Time", "Clocks", "Staleness, max", "Bound"],
        run.Policies.Select(p => (IReadOnlyList<object?>)
        [
            p.Policy, Charts.Svg.Number(p.Epoch), Format.Seconds(p.Seconds), Format.Count(p.Clocks), Format.Count(p.MaxStaleness),
            p.StalenessBound is { } bound ? Format.Count(bound) : "none",
        ]));

    public static XElement Findings(Findings findings) => Table.OfNumbers(findings.Title, findings.Columns, findings.Rows);

    public static XElement Options(RunRecord run) => Table.OfValues("Options", run.Options);

    public static XElement Environment(RunRecord run) => Table.OfValues("Environment",
    [
        new("Started", Format.Date(run.When)),
        new("Machine", run.Machine),
        new("Data set", run.Dataset),
        new("Model", run.Model),
        new("Consistency", run.Consistency),
        new("Stragglers", run.Stragglers ?? "none"),
        new("Snapshots taken", Format.Count(run.Snapshots)),
    ]);
}
