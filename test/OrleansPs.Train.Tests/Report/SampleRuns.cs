using OrleansPs.Train.Report;

namespace OrleansPs.Train.Tests.Report;

/// <summary>
/// Runs as a training would record them, without one: workers with passing stragglers pass a gate of bounded staleness on a
/// clock of their own; the loss falls with the examples, more slowly the staler they are.
/// </summary>
internal static class SampleRuns
{
    private const int Batch = 64;

    public static IReadOnlyList<RunRecord> Comparison(int workers = 4, int steps = 900) =>
        [Run(workers, steps, 0), Run(workers, steps, 3), Run(workers, steps, null)];

    /// <summary>A run of a few steps whose numbers fit on a page.</summary>
    public static RunRecord Small() => Run(2, 6, 1);

    public static RunRecord Run(int workers, int steps, int? bound, int seed = 1)
    {
        var random = new Random(seed);
        var ranks = Enumerable.Range(0, workers).Select(_ => new Rank()).ToArray();
        var losses = new List<LossPoint>();
        var counts = new SortedDictionary<long, long>();
        while (ranks.Any(r => r.Clock < steps))
        {
            // Of those whom the gate lets through, whoever comes first takes the next step.
            var min = ranks.Min(r => r.Clock);
            var next = ranks.Where(r => r.Clock < steps && (bound is null || r.Clock - min <= bound)).MinBy(r => r.Time)!;
            Step(next, ranks, bound, random);
            var ahead = Math.Max(0, next.Clock - ranks.Min(r => r.Clock));
            var seen = bound is { } b ? Math.Min(ahead, b) : ahead;
            counts[seen] = counts.GetValueOrDefault(seen) + 1;
            (next.StaleSum, next.StaleMax) = (next.StaleSum + seen, Math.Max(next.StaleMax, seen));
            next.Loss = Loss(losses.Count, seen, random);
            losses.Add(new(next.Time, 0, next.Loss));
        }

        var ordered = losses.OrderBy(p => p.Seconds).Select((p, i) => p with { Examples = (i + 1L) * Batch }).ToArray();
        return Record(ranks, ordered, counts, bound, steps);
    }

    private static void Step(Rank rank, Rank[] ranks, int? bound, Random random)
    {
        // The gate opened when the slowest worker finished the clock that the bound asks for.
        var needed = rank.Clock - (bound ?? int.MaxValue / 2);
        var open = needed <= 0 ? 0 : ranks.Max(r => r.FinishedAt(needed));
        var idle = Math.Max(0, open - rank.Time);
        var compute = 0.010 * (1 + (0.1 * random.NextDouble())) * (random.NextDouble() < 0.08 ? 6 : 1);
        rank.Advance(idle, compute, 0.0015);
    }

    private static double Loss(int step, long staleness, Random random)
    {
        var progress = step / (1 + (0.02 * staleness));
        return (0.32 + (2.0 / (1 + (progress / 60)))) * (1 + (0.25 * (random.NextDouble() - 0.5)));
    }

    private static RunRecord Record(Rank[] ranks, LossPoint[] losses, SortedDictionary<long, long> counts, int? bound, int steps)
    {
        var epochs = Enumerable.Range(1, 5).Select(e => losses[(losses.Length * e / 5) - 1])
            .Select((p, i) => new EpochPoint(i + 1, p.Seconds, p.Loss, 0.87 - (0.16 / (i + 1)) - (bound is null ? 0.004 : 0))).ToArray();
        var policy = bound switch { null => "ASP", 0 => "BSP", var s => $"SSP({s})" };
        return new()
        {
            Title = $"Fashion-MNIST, {ranks.Length} workers, {policy}", Model = "MLP 784-256-128-10", Dataset = "Fashion-MNIST",
            When = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero), Machine = "4 processors, Linux x64, .NET 10.0", Consistency = policy, StalenessBound = bound,
            Stragglers = "each step takes 10 ms, and with probability 0.08 six times as long",
            Options = [new("workers", $"{ranks.Length}"), new("batch", $"{Batch}"), new("steps", $"{steps}"), new("lr", "0.1"), new("seed", "1"), new("consistency", policy)],
            Epochs = epochs, Losses = losses, Snapshots = 3, Seconds = losses[^1].Seconds + 0.05,
            Workers = [.. ranks.Select((r, i) => new WorkerRecord(i, r.Clock, r.Clock * Batch, r.Time, r.Compute, r.Idle, r.StaleMax, r.StaleSum / (double)r.Clock, r.Loss, i == 1 ? 1 : 0))],
            Staleness = [.. counts.Select(c => new StalenessCount(c.Key, c.Value))],
            FinalScore = epochs[^1].TestScore, TargetAccuracy = 0.8, SecondsToTarget = epochs.Where(e => e.TestScore >= 0.8).Select(e => (double?)e.Seconds).FirstOrDefault(),
        };
    }

    private sealed class Rank
    {
        private readonly List<double> _finished = [0];

        public double Time => _finished[^1];

        public int Clock => _finished.Count - 1;

        public double Compute { get; private set; }

        public double Idle { get; private set; }

        public long StaleMax { get; set; }

        public long StaleSum { get; set; }

        public double Loss { get; set; }

        public double FinishedAt(int clock) => clock < _finished.Count ? _finished[clock] : 0;

        public void Advance(double idle, double compute, double transfer)
        {
            (Compute, Idle) = (Compute + compute, Idle + idle);
            _finished.Add(Time + idle + compute + transfer);
        }
    }
}
