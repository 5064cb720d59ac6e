using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>The table that is read: a line a row, and how all rows together compare.</summary>
internal sealed class TableReport(TextWriter output, BenchSettings settings, IReadOnlyList<PeerRows> peers)
{
    private int Servers => settings.Silos;

    public Task BeginAsync() => output.WriteLineAsync(
        $"{"floats",-12} {"in flight",9} {"operation",-10} {"ops/s",9} {"GB/s",6} {"p50 us",9} {"p99 us",9} {"CPU s/GB",8} {"B/op client",11} {"silo",7} {"x socket",8} {"CPU x",6}"
        + (settings.HasStock ? $" {"x stock",8}" : "") + string.Concat(peers.Select(peer => $" {"x " + peer.System,14}")));

    public Task ShowAsync(RowFigures f) => output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
        $"{(f.Row.IsSparse ? $"{f.Row.Rows:#,0} x {f.Row.Floats}" : $"{f.Row.Floats:#,0}"),-12} {f.Row.InFlight,9} {f.Row.Text,-10} {f.OperationsPerSecond,9:#,0} {f.Gigabytes,6:0.00} {f.P50,9:#,0} {f.P99,9:#,0} {f.CpuPerGigabyte,8:0.00} {f.ClientAllocated,11:#,0} {f.SiloAllocated,7:#,0} {Ratio(f.OfRaw),8} {Ratio(f.CpuOfRaw),6}")
        + (settings.HasStock ? $" {Ratio(f.OfStock),8}" : "") + string.Concat(peers.Select(peer => $" {Ratio(f.OperationsPerSecond / peer.RateOf(f.Row, Servers)),14}")));

    public async Task EndAsync(IReadOnlyList<RowFigures> all)
    {
        if (settings.HasStock) await SumUpAsync("dense against Orleans' stock transport", all.Select(f => f.OfStock)).ConfigureAwait(false);
        foreach (var peer in peers)
        {
            foreach (var (name, rows) in new[] { ("dense", all.Where(f => !f.Row.IsSparse)), ("sparse", all.Where(f => f.Row.IsSparse)) })
            {
                await SumUpAsync($"{name} against {peer.System}", rows.Select(f => f.OperationsPerSecond / peer.RateOf(f.Row, Servers))).ConfigureAwait(false);
            }
        }
    }

    private async Task SumUpAsync(string what, IEnumerable<double> all)
    {
        var ratios = all.Where(double.IsFinite).ToArray();
        if (ratios.Length == 0) return;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{what}: geometric mean {Figures.GeometricMean(ratios):0.00}, least {ratios.Min():0.00}, of {ratios.Length} rows")).ConfigureAwait(false);
    }

    private static string Ratio(double ratio) => double.IsFinite(ratio) ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "-";
}
