using System.Diagnostics;
using System.Globalization;
using OrleansPs.Tools;

namespace OrleansPs.Bench;

/// <summary>
/// Measures rows: silos and workers in processes of their own on loopback, and beside each repetition the same bytes over a bare socket, so that a change of the
/// machine's pace meets both.
/// </summary>
internal sealed class BenchRun : IAsyncDisposable
{
    // Seconds.
    private const double LeastWarmUp = 1;
    private const double FirstWarmUp = 6;

    private readonly BenchSettings _settings;
    private readonly Silos _silos;
    private readonly List<WorkerProcess> _workers = [];
    private RawSocket? _raw;
    private bool _isWarm;
    private Process? _rawServer;
    private Process? _stockSilo;
    private WorkerProcess? _stockWorker;
    private Task _cuts = Task.CompletedTask;
    private readonly CancellationTokenSource _ended = new();

    private BenchRun(BenchSettings settings, Silos silos) => (_settings, _silos) = (settings, silos);

    public static async Task<BenchRun> StartAsync(BenchSettings settings, CancellationToken stop)
    {
        var run = new BenchRun(settings, await Silos.StartAsync(settings.Silos, stop).ConfigureAwait(false));
        for (var rank = 0; rank < settings.Workers; rank++)
            run._workers.Add(new(new(run._silos.Gateways, rank, settings.Workers, settings.IsReplicated)));
        if (settings.HasStock)
        {
            run._stockSilo = run._silos.Run(StockProcess.ArgumentsAt(run._silos.Spare));
            run._stockWorker = new(new([Silos.GatewayOf(run._silos.Spare)], 0, 1, false, IsStock: true));
        }
        // Several workers' bytes take several sockets' way; there is nothing simple to compare with.
        if (settings.Workers > 1) return run;
        var port = run._silos.Places[^1].SiloPort;
        run._rawServer = run._silos.Run("serve", port.ToString(CultureInfo.InvariantCulture));
        run._raw = RawSocket.Connect(port);
        return run;
    }

    /// <summary>Measures one row.</summary>
    public async Task<RowFigures> MeasureAsync(BenchRow row, CancellationToken stop)
    {
        await TellAsync(_workers, new(row, 0), stop).ConfigureAwait(false);
        BeginCuts(row, stop);
        var (operations, rawOperations) = (await WarmUpAsync(_workers, row, stop).ConfigureAwait(false), WarmUpRaw(row));
        WorkerProcess[] stockWorkers = _stockWorker is null || row.IsSparse ? [] : [_stockWorker];
        await TellAsync(stockWorkers, new(row, 0), stop).ConfigureAwait(false);
        var stockOperations = stockWorkers.Length == 0 ? 0 : await WarmUpAsync(stockWorkers, row, stop).ConfigureAwait(false);
        _isWarm = true;
        var (ours, raw, stock) = (new List<Repetition>(), new List<Repetition>(), new List<Repetition>());
        for (var i = 0; i < _settings.Repetitions; i++)
        {
            if (_raw is not null) raw.Add(MeasureRaw(row, rawOperations));
            if (stockOperations > 0) stock.Add(await MeasureStockAsync(row, stockOperations, stop).ConfigureAwait(false));
            ours.Add(await MeasureAsync(row, operations, stop).ConfigureAwait(false));
        }
        return new(row, ours, raw, stock);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _cuts.ConfigureAwait(false);
        _raw?.Dispose();
        foreach (var worker in _workers) worker.Dispose();
        _stockWorker?.Dispose();
        await _silos.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private static async Task<RunReport> TellAsync(IEnumerable<WorkerProcess> workers, WorkerOrder order, CancellationToken stop) =>
        RunReport.Together(await Task.WhenAll(workers.Select(worker => worker.RunAsync(order, stop))).ConfigureAwait(false));

    private async Task<Repetition> MeasureAsync(BenchRow row, int operations, CancellationToken stop)
    {
        var processes = _silos.Processes.Concat(_workers.Select(w => w.Process)).ToArray();
        var (cpu, allocated) = (ProcessMeter.CpuSeconds(processes), _silos.Allocated());
        var report = await TellAsync(_workers, new(null, operations), stop).ConfigureAwait(false);
        allocated = _silos.Allocated() - allocated;
        return new(row, report, ProcessMeter.CpuSeconds(processes) - cpu, (double)report.Allocated / report.Operations, (double)allocated / report.Operations);
    }

    private async Task<Repetition> MeasureStockAsync(BenchRow row, int operations, CancellationToken stop)
    {
        Process[] processes = [_stockSilo!, _stockWorker!.Process];
        var cpu = ProcessMeter.CpuSeconds(processes);
        var report = await TellAsync([_stockWorker], new(null, operations), stop).ConfigureAwait(false);
        return new(row, report, ProcessMeter.CpuSeconds(processes) - cpu, (double)report.Allocated / report.Operations, double.NaN);
    }

    private Repetition MeasureRaw(BenchRow row, int operations)
    {
        Process[] processes = [_rawServer!, Process.GetCurrentProcess()];
        var cpu = ProcessMeter.CpuSeconds(processes);
        var report = _raw!.Run(row, operations);
        return new(row, report, ProcessMeter.CpuSeconds(processes) - cpu, double.NaN, double.NaN);
    }

    // Until the code of all processes is compiled to its last tier; then as many operations as take the time of a repetition.
    private async Task<int> WarmUpAsync(IReadOnlyCollection<WorkerProcess> workers, BenchRow row, CancellationToken stop)
    {
        var operations = row.InFlight;
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var report = await TellAsync(workers, new(null, operations), stop).ConfigureAwait(false);
            var fitting = Math.Max(row.InFlight, report.Operations / workers.Count / report.Seconds * _settings.Seconds);
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > Math.Max(_isWarm ? LeastWarmUp : FirstWarmUp, _settings.Seconds) && report.Seconds > _settings.Seconds / 2) return (int)fitting;
            operations = (int)Math.Min(operations * 4.0, fitting);
        }
    }

    private int WarmUpRaw(BenchRow row)
    {
        if (_raw is null) return 0;
        var operations = row.InFlight;
        while (true)
        {
            var report = _raw.Run(row, operations);
            if (report.Seconds > _settings.Seconds / 4) return (int)Math.Max(row.InFlight, operations / report.Seconds * _settings.Seconds / 2);
            operations *= 2;
        }
    }

    private void BeginCuts(BenchRow row, CancellationToken stop)
    {
        if (_settings.CutEvery == 0 || !_cuts.IsCompleted) return;
        _cuts = CutAsync(row.Model, stop);
    }

    private async Task CutAsync(string model, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _ended.Token);
        try
        {
            var connected = await Silos.ConnectAsync(_silos.Gateways, either.Token).ConfigureAwait(false);
            await using var _ = connected.ConfigureAwait(false);
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(_settings.CutEvery), either.Token).ConfigureAwait(false);
                await connected.Server.TakeSnapshotAsync(model, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
