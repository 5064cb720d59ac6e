namespace OrleansPs.Train.Report.Pages;

/// <summary>What a run's numbers say, in sentences.</summary>
internal static class RunText
{
    public static IEnumerable<string> Lead(RunRecord run)
    {
        if (run.Workers.Count > 0)
        {
            yield return $"{Workers(run)} went through {Format.Count(run.Examples())} examples in {Format.Seconds(run.Seconds)} under {run.Consistency}. {Rule(run)}";
        }

        if (run.Stragglers is { Length: > 0 } stragglers) yield return $"Stragglers: {Ended(stragglers)}";
    }

    public static string OfLoss(RunRecord run)
    {
        var lost = LostLosses(run);
        return $"The line is the mean of the steps around a moment, the band holds their middle four fifths.{(lost is null ? "" : $" {lost} had no finite loss and are left out.")}";
    }

    /// <summary>How many steps had a loss that cannot be drawn, or null for none.</summary>
    public static string? LostLosses(RunRecord run) =>
        run.LostLosses() is > 0 and var lost ? $"{Format.Count(lost)} of {Format.Count(run.Losses.Count)} steps" : null;

    public static string OfWaiting(RunRecord run)
    {
        if (run.Workers.Count == 0) return "No worker finished a step.";
        var most = run.Workers.MaxBy(w => w.IdleShare())!;
        var first = run.Workers.Count > WorkerCharts.MostRows ? $" The first {WorkerCharts.MostRows} workers are drawn." : "";
        return run.Workers.Count == 1
            ? $"One worker has no other to wait for.{first}"
            : $"Rank {most.Rank} waited most: {Format.Share(most.IdleShare())} of its time.{first}";
    }

    public static string OfStaleness(RunRecord run)
    {
        if (run.Staleness.Count == 0) return "No clock was finished.";
        var seen = $"How many clocks a worker was ahead of the slowest when it went on: {Format.Decimal(run.MeanStaleness())} on average, {run.MaxStaleness()} at most.";
        return run.HasChanged() ? seen + " What bounds it changed with the policy." : run.StalenessBound is null ? seen + " Nothing bounds it." : seen;
    }

    /// <summary>What the consistency policy means.</summary>
    public static string Rule(RunRecord run) => run.StalenessBound switch
    {
        _ when run.HasChanged() => "How far workers may drift apart changed while they trained.",
        null => "No worker waits for another.",
        0 when run.BackupWorkers == 1 => "A round closes without its slowest worker, whose step does not count and is done again.",
        0 when run.BackupWorkers > 1 => $"A round closes without its {run.BackupWorkers} slowest workers, whose steps do not count and are done again.",
        0 => "All workers finish a step before any begins the next.",
        1 => "A worker may run ahead of the slowest by one clock.",
        var bound => $"A worker may run ahead of the slowest by {bound} clocks.",
    };

    public static string Ended(string clause) => clause.EndsWith('.') ? clause : clause + ".";

    private static string Workers(RunRecord run) => run.Workers.Count == 1 ? "One worker" : $"{run.Workers.Count} workers";
}
