namespace OrleansPs.Torture;

/// <summary>Adds up what a run brought.</summary>
internal static class FiguresMaker
{
    public static Figures Of(
        RunSettings settings, Cluster cluster, IReadOnlyList<ModelTrial> models, FaultInjector faults, EndResult end, TimeSpan took)
    {
        var ranks = end.Ranks.Values.SelectMany(r => r).ToArray();
        var silences = Silences(faults.Kills, end.Ranks);
        return new()
        {
            Minutes = settings.Minutes,
            Seed = settings.Seed,
            Replicated = settings.Replicated,
            Faults = faults.Counts.ToDictionary(),
            Acknowledged = ranks.Sum(r => r.Pushes),
            Lost = end.Checks.Sum(c => c.Lost),
            Twice = end.Checks.Sum(c => c.Twice),
            SetBack = ranks.Sum(r => r.SetBack),
            TakenBack = ranks.Sum(r => r.TakenBack),
            StalePulls = ranks.Sum(r => r.StalePulls),
            Restores = models.Sum(m => m.Restores),
            SnapshotsAttempted = models.Sum(m => m.Snapshots.Attempted),
            SnapshotsCompleted = models.Sum(m => m.Snapshots.Completed),
            SnapshotsWrong = models.Sum(m => m.Snapshots.Wrong),
            SnapshotsUnread = models.Sum(m => m.Snapshots.Unread),
            KillsMeasured = silences.Length,
            UnavailableMedian = Availability.Median(silences)?.TotalSeconds,
            UnavailableLongest = silences.Length == 0 ? null : silences.Max().TotalSeconds,
            Withheld = faults.Withheld.Share(took),
            SilosEnded = cluster.SiloChildren.Sum(s => s.EndedUnasked),
            WorkersEnded = cluster.WorkerChildren.Sum(w => w.EndedUnasked),
            Problems = [.. end.Problems, .. end.Checks.SelectMany(c => c.Problems)],
        };
    }

    // For each kill that took blocks, the one of them that was silent for longest.
    private static TimeSpan[] Silences(IReadOnlyList<SiloKill> kills, IReadOnlyDictionary<string, IReadOnlyList<RankHistory>> ranks)
    {
        var acknowledged = ranks
            .SelectMany(model => model.Value.SelectMany(rank => rank.Acknowledgements).Select(a => (Block: (model.Key, (int)a.Block), a.At)))
            .GroupBy(a => a.Block, a => a.At).ToDictionary(group => group.Key, group => group.Order().ToArray());
        var end = acknowledged.Values.Select(times => times[^1]).DefaultIfEmpty().Max();
        return [.. kills.Where(kill => kill.Blocks.Count > 0)
            .Select(kill => kill.Blocks.Max(block => Availability.Silence(acknowledged.GetValueOrDefault(block) ?? [], kill.At, end)))];
    }
}
