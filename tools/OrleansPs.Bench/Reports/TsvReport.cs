using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>One line a repetition, so that rows of another system can be set beside ours.</summary>
internal static class TsvReport
{
    public static IReadOnlyList<string> Columns { get; } =
    [
        "system", "shape", "operation", "servers", "workers", "floats", "rows", "in flight", "operations", "seconds", "ops/s", "GB/s", "p50 us", "p99 us",
        "CPU s per GB",
    ];

    public static async Task WriteAsync(string path, BenchSettings settings, IEnumerable<RowFigures> rows, CancellationToken stop)
    {
        var lines = rows.SelectMany(row => row.Repetitions.Select(r => Line("OrleansPs", settings.Silos, settings.Workers, r))
            .Concat(row.Raw.Select(r => Line("socket", 1, 1, r)))
            .Concat(row.Stock.Select(r => Line("orleans-stock", 1, 1, r))));
        await File.WriteAllLinesAsync(path, lines.Prepend(string.Join('\t', Columns)), stop).ConfigureAwait(false);
    }

    private static string Line(string system, int servers, int workers, Repetition r) => string.Create(CultureInfo.InvariantCulture,
        $"{system}\t{(r.Row.IsSparse ? "rows" : "dense")}\t{r.Row.Text}\t{servers}\t{workers}\t{r.Row.Floats}\t{r.Row.Rows}\t{r.Row.InFlight}\t{r.Run.Operations}\t{r.Run.Seconds:0.######}\t{r.OperationsPerSecond:0.###}\t{r.Gigabytes:0.####}\t{r.Run.P50:0.#}\t{r.Run.P99:0.#}\t{r.CpuPerGigabyte:0.####}");
}
