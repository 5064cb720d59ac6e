using System.Diagnostics;

namespace OrleansPs.Bench;

/// <summary>What a worker's process has to say of a run.</summary>
/// <param name="Operations">How many operations it did.</param>
/// <param name="Seconds">How long they took.</param>
/// <param name="P50">The median operation in microseconds.</param>
/// <param name="P99">The slowest but 1 in 100, in microseconds.</param>
/// <param name="Allocated">The bytes that were allocated in the process.</param>
internal sealed record RunReport(long Operations, double Seconds, double P50, double P99, long Allocated)
{
    /// <summary>The report of operations whose times are known.</summary>
    /// <param name="ticks">The time of each; sorted.</param>
    /// <param name="seconds">How long all took.</param>
    /// <param name="allocated">The bytes that were allocated meanwhile.</param>
    public static RunReport Of(Span<long> ticks, double seconds, long allocated)
    {
        ticks.Sort();
        return new(ticks.Length, seconds, Microseconds(ticks[ticks.Length / 2]), Microseconds(ticks[(int)(ticks.Length * 99L / 100)]), allocated);
    }

    /// <summary>One worker of several: all their operations, the slowest one's time.</summary>
    public static RunReport Together(IReadOnlyList<RunReport> reports) => new(
        reports.Sum(r => r.Operations), reports.Select(r => r.Seconds).DefaultIfEmpty().Max(), Figures.Median(reports.Select(r => r.P50)),
        reports.Select(r => r.P99).DefaultIfEmpty().Max(), reports.Sum(r => r.Allocated));

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}

/// <summary>One repetition of one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Run">What the workers say.</param>
/// <param name="CpuSeconds">User and system time of all processes that took part.</param>
/// <param name="ClientAllocated">Bytes allocated by workers' processes for an operation; NaN where nobody counted.</param>
/// <param name="SiloAllocated">The same of the silos.</param>
internal sealed record Repetition(BenchRow Row, RunReport Run, double CpuSeconds, double ClientAllocated, double SiloAllocated)
{
    public double OperationsPerSecond => Run.Operations / Run.Seconds;

    /// <summary>Payload of both directions in 10^9 bytes a second.</summary>
    public double Gigabytes => OperationsPerSecond * Row.Bytes / 1e9;

    public double CpuPerGigabyte => CpuSeconds / (Run.Operations * (double)Row.Bytes / 1e9);
}

/// <summary>A row with the medians of its repetitions.</summary>
internal sealed record RowFigures(BenchRow Row, IReadOnlyList<Repetition> Repetitions, IReadOnlyList<Repetition> Raw, IReadOnlyList<Repetition> Stock)
{
    public double OperationsPerSecond => Median(r => r.OperationsPerSecond);

    public double Gigabytes => Median(r => r.Gigabytes);

    public double P50 => Median(r => r.Run.P50);

    public double P99 => Median(r => r.Run.P99);

    public double CpuPerGigabyte => Median(r => r.CpuPerGigabyte);

    public double ClientAllocated => Median(r => r.ClientAllocated);

    public double SiloAllocated => Median(r => r.SiloAllocated);

    /// <summary>Operations beside those of a bare socket with the same bytes; NaN if that was not measured.</summary>
    public double OfRaw => Raw.Count == 0 ? double.NaN : OperationsPerSecond / Figures.Median(Raw.Select(r => r.OperationsPerSecond));

    /// <summary>Operations beside those over Orleans' stock transport; NaN if that was not measured.</summary>
    public double OfStock => Stock.Count == 0 ? double.NaN : OperationsPerSecond / Figures.Median(Stock.Select(r => r.OperationsPerSecond));

    /// <summary>CPU time beside a bare socket's.</summary>
    public double CpuOfRaw => Raw.Count == 0 ? double.NaN : CpuPerGigabyte / Figures.Median(Raw.Select(r => r.CpuPerGigabyte));

    private double Median(Func<Repetition, double> figure) => Figures.Median(Repetitions.Select(figure));
}

/// <summary>Numbers of several repetitions.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }

    public static double GeometricMean(IEnumerable<double> values) => Math.Exp(values.Average(Math.Log));
}
