namespace OrleansPs.Train.Report;

/// <summary>What follows from a run's numbers.</summary>
internal static class RunFacts
{
    /// <summary>The share of all workers' time that went into waiting for other workers; NaN without workers.</summary>
    public static double IdleShare(this RunRecord run) => run.Workers.Sum(w => w.IdleSeconds) / run.Workers.Sum(w => w.Seconds);

    public static double IdleShare(this WorkerRecord worker) => worker.IdleSeconds / worker.Seconds;

    public static long Examples(this RunRecord run) => run.Workers.Sum(w => w.Examples);

    public static double ExamplesPerSecond(this RunRecord run) => run.Examples() / run.Seconds;

    public static long MaxStaleness(this RunRecord run) => run.Staleness.Where(s => s.Clocks > 0).Select(s => s.Staleness).DefaultIfEmpty(0).Max();

    public static double MeanStaleness(this RunRecord run) =>
        run.Staleness.Sum(s => (double)s.Staleness * s.Clocks) / run.Staleness.Sum(s => s.Clocks);

    /// <summary>How many steps had a loss that is NaN or infinite.</summary>
    public static int LostLosses(this RunRecord run) => run.Losses.Count(p => !double.IsFinite(p.Loss));

    /// <summary>How many rounds closed without a worker, over all workers.</summary>
    public static long RoundsMissed(this RunRecord run) => run.Workers.Sum(w => w.RoundsMissed);

    /// <summary>How long the target took as a multiple of another run's time; null if one of the two did not reach it, or at once.</summary>
    public static double? TimeRatio(this RunRecord run, RunRecord yardstick) =>
        yardstick.SecondsToTarget > 0 ? run.SecondsToTarget / yardstick.SecondsToTarget : null;

    /// <summary>Whether the policy changed while the model was trained.</summary>
    public static bool HasChanged(this RunRecord run) => run.Policies.Count > 1;

    public static bool IsAsynchronous(this RunRecord run) => run.StalenessBound is null;

    /// <summary>Whether all workers wait for all others: BSP without backup workers.</summary>
    public static bool IsSynchronous(this RunRecord run) => run.StalenessBound == 0 && run.BackupWorkers == 0;

    public static bool IsBounded(this RunRecord run) => run.StalenessBound > 0;

    /// <summary>The runs' names beside each other: their policies, numbered where two are the same.</summary>
    public static IReadOnlyList<string> Names(this IReadOnlyList<RunRecord> runs) =>
        [.. runs.Select((run, i) => runs.Take(i).Count(other => other.Consistency == run.Consistency) is > 0 and var n
            ? $"{run.Consistency} #{n + 1}" : run.Consistency)];
}
