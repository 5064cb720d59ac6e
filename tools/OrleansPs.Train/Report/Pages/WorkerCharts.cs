using OrleansPs.Train.Report.Charts;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The charts of where the workers' time went and how far ahead they were.</summary>
internal static class WorkerCharts
{
    /// <summary>How many workers are drawn; the tables name all.</summary>
    public const int MostRows = 64;

    private static readonly (string Name, string Css)[] Kinds = [("computing", "compute"), ("pulling and pushing", "transfer"), ("waiting for others", "idle")];

    /// <summary>The time of the worker that took longest, in any run.</summary>
    public static double Longest(IEnumerable<RunRecord> runs) =>
        runs.SelectMany(run => run.Workers).Select(worker => worker.Seconds).Where(Axis.CanDraw).DefaultIfEmpty(0).Max();

    /// <summary>A bar for each worker: computing, transfer, waiting.</summary>
    /// <param name="name">How the run is called.</param>
    /// <param name="run">The run.</param>
    /// <param name="longest">Where the axis ends, to compare runs.</param>
    public static StackedBars Time(string name, RunRecord run, double longest)
    {
        var unit = TimeUnit.For(longest);
        return new($"{name}: the workers' time", $"Of all workers' time, {Format.Share(run.IdleShare())} went into waiting for other workers.",
            [.. run.Workers.Take(MostRows).Select(worker => Row(worker, unit))])
        {
            XTitle = unit.Name, Parts = Kinds, AtLeast = longest / unit.Seconds, Format = value => Format.Seconds(value * unit.Seconds),
        };
    }

    /// <summary>How often each staleness was seen, with the bound.</summary>
    public static Histogram Staleness(string name, RunRecord run, int index) => new($"{name}: staleness",
        $"The largest staleness was {run.MaxStaleness()}, the mean {Format.Decimal(run.MeanStaleness())}.",
        [.. run.Staleness.Select(s => (s.Staleness, s.Clocks))])
    {
        XTitle = "clocks ahead of the slowest worker", YTitle = "share of clocks", Bound = run.StalenessBound, ColorIndex = index,
    };

    /// <summary>A bar for each run: the time until the target accuracy.</summary>
    public static StackedBars TimeToTarget(IReadOnlyList<RunRecord> runs, double target)
    {
        var unit = TimeUnit.For(runs.Max(run => run.SecondsToTarget ?? 0));
        var names = runs.Names();
        return new("Time to the target accuracy",
            string.Join(" ", runs.Select((run, i) => $"{names[i]}: {Reached(run)}.")),
            [.. runs.Select((run, i) => new BarRow(names[i], run.SecondsToTarget is { } s ? [s / unit.Seconds] : [], Reached(run), Marker.ColorOf(i)))])
        {
            XTitle = $"{unit.Name} until {Format.Target(target)}", Parts = [("until the target", "run")], Format = value => Format.Seconds(value * unit.Seconds),
        };
    }

    private static BarRow Row(WorkerRecord worker, TimeUnit unit) => new($"rank {worker.Rank}",
        [.. new[] { worker.ComputeSeconds, worker.TransferSeconds, worker.IdleSeconds }.Select(s => s / unit.Seconds)],
        $"{Format.RoughShare(worker.IdleShare())} waiting");

    private static string Reached(RunRecord run) => run.SecondsToTarget is { } s ? Format.Seconds(s) : "not reached";
}
