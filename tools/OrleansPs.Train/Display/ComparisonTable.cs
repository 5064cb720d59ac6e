using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>Several runs side by side, as lines of text.</summary>
internal static class ComparisonTable
{
    public static string Of(IReadOnlyList<RunRecord> runs)
    {
        var target = runs[0].TargetAccuracy ?? 0;
        string[] heading = ["", "time", "idle", "examples/s", "staleness max", "mean", "test accuracy", Texts.Of($"time to {100 * target:0.##} %")];
        string[][] rows = [heading, .. runs.Select(RowOf)];
        var widths = heading.Select((_, i) => rows.Max(row => row[i].Length)).ToArray();
        return string.Concat(rows.Select(row => string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))) + Environment.NewLine));
    }

    private static string[] RowOf(RunRecord run) =>
    [
        run.Consistency,
        Texts.Seconds(run.Seconds),
        Texts.Percent(run.Workers.Sum(w => w.IdleSeconds) / run.Workers.Sum(w => w.Seconds)),
        Texts.Count(run.Workers.Sum(w => w.Examples) / run.Seconds),
        Texts.Count(run.MaxStaleness()),
        Texts.Of($"{run.MeanStaleness():0.00}"),
        Texts.Accuracy(run.FinalAccuracy ?? double.NaN),
        run.SecondsToTarget is { } seconds ? Texts.Seconds(seconds) : "not reached",
    ];
}
