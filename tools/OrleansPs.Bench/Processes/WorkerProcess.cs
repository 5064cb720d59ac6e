using System.Diagnostics;
using System.Text.Json;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>What a worker's process is told: to make ready for a row, or to do so many operations of it.</summary>
/// <param name="Row">The row to make ready for; null for that of before.</param>
/// <param name="Operations">How many operations to do.</param>
internal sealed record WorkerOrder(BenchRow? Row, int Operations);

/// <summary>What all orders of a worker rest on.</summary>
/// <param name="Gateways">Where the silos are.</param>
/// <param name="Rank">The worker's rank.</param>
/// <param name="Workers">How many workers there are.</param>
/// <param name="IsReplicated">Whether blocks have standbys.</param>
/// <param name="IsStock">Whether the silo is one as Orleans ships it.</param>
internal sealed record WorkerSettings(IReadOnlyList<string> Gateways, int Rank, int Workers, bool IsReplicated, bool IsStock = false);

/// <summary>A worker in a process of its own, as seen from the one that measures: one order a line, one report a line.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    public WorkerProcess(WorkerSettings settings)
    {
        var info = new ProcessStartInfo(Tool.Dotnet, [typeof(WorkerProcess).Assembly.Location, "worker", JsonSerializer.Serialize(settings)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = System.Diagnostics.Process.Start(info)!;
    }

    public Process Process => _process;

    public async Task<RunReport> RunAsync(WorkerOrder order, CancellationToken stop)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order).AsMemory(), stop).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync(stop).ConfigureAwait(false);
        var line = await _process.StandardOutput.ReadLineAsync(stop).ConfigureAwait(false)
            ?? throw new IOException("A worker's process ended; what it said is above.");
        return JsonSerializer.Deserialize<RunReport>(line)!;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Is such a process, until its input ends.</summary>
    public static async Task<int> ServeAsync(WorkerSettings settings, TextReader input, TextWriter output, CancellationToken stop)
    {
        if (settings.IsStock)
        {
            using var host = await StockProcess.ConnectAsync(settings.Gateways[0], stop).ConfigureAwait(false);
            return await ServeAsync(row => Task.FromResult(new RowRunner(row, () => StockProcess.OperationOf(host, row))), input, output, stop).ConfigureAwait(false);
        }
        var connected = await Silos.ConnectAsync(settings.Gateways, stop).ConfigureAwait(false);
        await using var _ = connected.ConfigureAwait(false);
        IParameterWorker? worker = null;
        return await ServeAsync(PrepareAsync, input, output, stop).ConfigureAwait(false);

        async Task<RowRunner> PrepareAsync(BenchRow row)
        {
            var spec = RowRunner.SpecOf(row, settings.Workers, settings.IsReplicated ? DurabilityPolicy.Replicated() : DurabilityPolicy.Snapshot());
            if (worker?.Model != spec.Name)
            {
                if (worker is not null) await worker.DisposeAsync().ConfigureAwait(false);
                await connected.Server.CreateModelAsync(spec, stop).ConfigureAwait(false);
                worker = await connected.Server.JoinAsync(spec.Name, settings.Rank, cancellationToken: stop).ConfigureAwait(false);
                if (row.IsSparse && settings.Rank == 0) await new RowRunner(row, worker).FillAsync(stop).ConfigureAwait(false);
            }
            return new(row, worker);
        }
    }

    private static async Task<int> ServeAsync(Func<BenchRow, Task<RowRunner>> prepare, TextReader input, TextWriter output, CancellationToken stop)
    {
        RowRunner? runner = null;
        while (await input.ReadLineAsync(stop).ConfigureAwait(false) is { } line)
        {
            var order = JsonSerializer.Deserialize<WorkerOrder>(line)!;
            if (order.Row is { } row) runner = await prepare(row).ConfigureAwait(false);
            var report = order.Operations == 0 ? new(0, 0, 0, 0, 0) : await runner!.RunAsync(order.Operations, stop).ConfigureAwait(false);
            await output.WriteLineAsync(JsonSerializer.Serialize(report).AsMemory(), stop).ConfigureAwait(false);
            await output.FlushAsync(stop).ConfigureAwait(false);
        }
        return 0;
    }
}
