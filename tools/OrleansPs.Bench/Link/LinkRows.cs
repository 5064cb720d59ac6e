using System.Diagnostics;
using System.Text.Json;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>What is measured between a silo's process and workers' processes, at one end of a link or on loopback.</summary>
/// <param name="SiloAddress">Where the silo listens; null for loopback.</param>
/// <param name="SiloEnd">The namespace of the silo; null for this one.</param>
/// <param name="Repetitions">How often each row is measured.</param>
internal sealed record LinkSettings(string? SiloAddress, string? SiloEnd, int Repetitions);

/// <summary>A row's median.</summary>
/// <param name="Row">The row.</param>
/// <param name="Steps">Operations a second.</param>
/// <param name="CpuSeconds">Processor time of silo and worker for an operation.</param>
internal sealed record LinkFigures(BenchRow Row, double Steps, double CpuSeconds);

/// <summary>Measures all rows in turns, so that a change of the machine's pace meets all. Each has a worker's process of its own.</summary>
internal static class LinkRows
{
    private const double Seconds = 1;
    private const double WarmUpSeconds = 4;
    private const int Floats = 4 << 20;

    public static BenchRow[] All { get; } =
    [
        new(Operation.PushPull, Floats, 0, 1),
        new(Operation.PushPull, Floats, 0, 1) { Encoding = Encoding.Bf16 },
        new(Operation.PushPull, Floats, 0, 1) { Encoding = Encoding.Int8 },
        new(Operation.Push, Floats, 0, 1),
        new(Operation.Push, Floats, 0, 1) { Encoding = Encoding.TopK },
    ];

    /// <summary>Is the process that measures, at the workers' end: tells the figures in one line.</summary>
    public static async Task<int> ServeAsync(LinkSettings settings, TextWriter output, CancellationToken stop)
    {
        Place[] places = settings.SiloAddress is { } address
            ? [new(address, 11111, 30000, 8080, settings.SiloEnd is { } end ? ShapedLink.At(end) : [])] : Place.OnLoopback(1);
        var silos = await Silos.StartAsync(places, 1, stop).ConfigureAwait(false);
        await using var _ = silos.ConfigureAwait(false);
        // Two rows have one model: so each has a rank.
        var workers = All.Select((_, rank) => new WorkerProcess(new(silos.Gateways, rank, All.Length, IsReplicated: false))).ToArray();
        try
        {
            var figures = await MeasureAsync(silos, workers, settings.Repetitions, stop).ConfigureAwait(false);
            await output.WriteLineAsync(JsonSerializer.Serialize(figures).AsMemory(), stop).ConfigureAwait(false);
            return 0;
        }
        finally
        {
            foreach (var worker in workers) worker.Dispose();
        }
    }

    private static async Task<LinkFigures[]> MeasureAsync(Silos silos, WorkerProcess[] workers, int repetitions, CancellationToken stop)
    {
        var operations = new int[workers.Length];
        for (var i = 0; i < workers.Length; i++) operations[i] = await WarmUpAsync(workers[i], All[i], stop).ConfigureAwait(false);
        var (steps, cpu) = (All.Select(_ => new List<double>()).ToArray(), All.Select(_ => new List<double>()).ToArray());
        for (var repetition = 0; repetition < repetitions; repetition++)
        {
            for (var i = 0; i < workers.Length; i++)
            {
                Process[] processes = [.. silos.Processes, workers[i].Process];
                var before = ProcessMeter.CpuSeconds(processes);
                var report = await workers[i].RunAsync(new(null, operations[i]), stop).ConfigureAwait(false);
                cpu[i].Add((ProcessMeter.CpuSeconds(processes) - before) / report.Operations);
                steps[i].Add(report.Operations / report.Seconds);
            }
        }
        return [.. All.Select((row, i) => new LinkFigures(row, Figures.Median(steps[i]), Figures.Median(cpu[i])))];
    }

    // Until the code is compiled to its last tier; then as many operations as take the time of a repetition.
    private static async Task<int> WarmUpAsync(WorkerProcess worker, BenchRow row, CancellationToken stop)
    {
        await worker.RunAsync(new(row, 0), stop).ConfigureAwait(false);
        var (start, operations) = (Stopwatch.GetTimestamp(), 4);
        while (true)
        {
            var report = await worker.RunAsync(new(null, operations), stop).ConfigureAwait(false);
            operations = Math.Max(3, (int)(report.Operations / report.Seconds * Seconds));
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > WarmUpSeconds) return operations;
        }
    }
}
