using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace OrleansPs.Simulation;

/// <summary>Runs seeds, and says what to do about one that fails.</summary>
internal static class SeedRuns
{
    /// <summary>The seed or the range that the environment asks for; null if it asks for none.</summary>
    public static IReadOnlyList<int>? Asked()
    {
        if (Environment.GetEnvironmentVariable("SIM_SEED") is { Length: > 0 } one) return [Parse(one)];
        if (Environment.GetEnvironmentVariable("SIM_SEEDS") is not { Length: > 0 } range) return null;
        var ends = range.Split("..");
        return [.. Enumerable.Range(Parse(ends[0]), Parse(ends[1]) - Parse(ends[0]) + 1)];
    }

    /// <summary>The seeds that once failed.</summary>
    public static IEnumerable<int> OnceFailed() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "failed-seeds.txt"))
            .Select(line => line.Split('#', ' ')[0]).Where(seed => seed.Length > 0).Select(Parse);

    /// <summary>Runs seeds, on all processors, and prints what they were like.</summary>
    /// <returns>The reports of those that failed.</returns>
    public static IReadOnlyList<SimulationReport> Run(IReadOnlyList<int> seeds, ITestOutputHelper output, FaultCounts faults)
    {
        var clock = Stopwatch.StartNew();
        var reports = new SimulationReport[seeds.Count];
        Parallel.For(0, seeds.Count, i => reports[i] = SimulationRun.Report(seeds[i]));
        foreach (var report in reports) faults.Add(report.Faults);
        var events = reports.Sum(r => r.Events);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{seeds.Count} seeds, {seeds.Count / clock.Elapsed.TotalSeconds:F1} seeds/s, {events / Math.Max(1, seeds.Count)} events/seed, "
            + $"{reports.Sum(r => r.Snapshots)} snapshots checked, with {reports.Sum(r => r.Deltas)} deltas"));
        foreach (var kind in Enum.GetValues<FaultKind>()) output.WriteLine($"{kind,-20}{faults[kind],10}");
        return [.. reports.Where(r => r.Violation is not null)];
    }

    public static string Explain(IEnumerable<SimulationReport> failed) => string.Join("\n\n", failed.Take(10).Select(report =>
        $"Seed {report.Seed}: {report.Violation}\n{ReplayOf(report.Seed)}"
        + $"\nKeep it: add the seed to failed-seeds.txt, with what it was."));

    public static string ReplayOf(int seed) =>
        $"Replay: SIM_TRACE=1 SIM_SEED={seed} dotnet test test/OrleansPs.Simulation --logger \"console;verbosity=detailed\"";

    private static int Parse(string number) => int.Parse(number, CultureInfo.InvariantCulture);
}
