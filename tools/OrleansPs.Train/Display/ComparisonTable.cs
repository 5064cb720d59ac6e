using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>Several runs side by side, as lines of text.</summary>
internal static class ComparisonTable
{
    public static string Of(IReadOnlyList<RunRecord> runs)
    {
        var target = runs[0].TargetAccuracy ?? 0;
        var names = runs.Names();
        var hasBackups = runs.Any(run => run.BackupWorkers > 0);
        string[] heading = ["", "time", "idle", "examples/s", "staleness max", "mean", "test accuracy", $"time to {Format.Target(target)}", $"x {runs[0].Consistency}",
            .. hasBackups ? (string[])["rounds missed"] : []];
        string[][] rows = [heading, .. runs.Select((run, i) => (string[])[names[i], .. CellsOf(run), Format.Ratio(run.TimeRatio(runs[0])),
            .. hasBackups ? (string[])[Texts.Count(run.RoundsMissed())] : []])];
        var widths = heading.Select((_, i) => rows.Max(row => row[i].Length)).ToArray();
        return string.Concat(rows.Select(row => string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))) + Environment.NewLine));
    }

    private static string[] CellsOf(RunRecord run) =>
    [
        Texts.Seconds(run.Seconds),
        Texts.Percent(run.IdleShare()),
        Texts.Count(run.ExamplesPerSecond()),
        Texts.Count(run.MaxStaleness()),
        Texts.Mean(run.MeanStaleness()),
        Format.FinalScore(run),
        run.SecondsToTarget is { } seconds ? Texts.Seconds(seconds) : "not reached",
    ];
}
