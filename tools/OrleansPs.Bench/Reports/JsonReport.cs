using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansPs.Bench;

/// <summary>The medians for programs to read.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Task WriteAsync(string path, BenchSettings settings, IEnumerable<RowFigures> rows, CancellationToken stop)
    {
        var report = new
        {
            settings.Silos,
            settings.Workers,
            settings.Repetitions,
            Rows = rows.Select(f => new
            {
                Operation = f.Row.Text,
                f.Row.Floats,
                f.Row.Rows,
                f.Row.InFlight,
                f.OperationsPerSecond,
                GigabytesPerSecond = f.Gigabytes,
                P50Microseconds = f.P50,
                P99Microseconds = f.P99,
                CpuSecondsPerGigabyte = f.CpuPerGigabyte,
                ClientBytesAllocatedPerOperation = f.ClientAllocated,
                SiloBytesAllocatedPerOperation = f.SiloAllocated,
                OfSocket = f.OfRaw,
                CpuOfSocket = f.CpuOfRaw,
                OfStock = f.OfStock,
            }),
        };
        return File.WriteAllTextAsync(path, JsonSerializer.Serialize(report, s_options) + "\n", stop);
    }
}
