using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Workers that train a ledger until they are told to stop, and what they have come to.</summary>
internal sealed class Training : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, long> _steps = new();
    private readonly IParameterWorker[] _workers;
    private readonly CancellationToken _limit;
    private readonly Task _running;

    private Training(IParameterWorker[] workers, CancellationToken limit)
    {
        (_workers, _limit) = (workers, limit);
        _running = Task.WhenAll(workers.Select(w => Task.Run(() => Ledger.RunAsync(w, Count, _stop.Token, limit), limit)));
    }

    /// <summary>Steps that workers finished, those among them that were done again.</summary>
    public long Steps => _steps.Values.Sum();

    /// <summary>How far the data of all workers is used up: what the model must hold in the end.</summary>
    public long Cursors => _workers.Sum(w => w.Position.Cursor);

    public long RestoredCut => _workers[0].Position.RestoredCut;

    public static async Task<Training> StartAsync(IParameterServer server, ModelSpec spec, CancellationToken limit)
    {
        await server.CreateModelAsync(spec, limit);
        var workers = new IParameterWorker[spec.Workers];
        for (var rank = 0; rank < workers.Length; rank++) workers[rank] = await server.JoinAsync(spec.Name, rank, null, limit);
        return new(workers, limit);
    }

    /// <summary>Waits until every worker has finished so many steps from now on.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> AwaitStepsAsync(int steps)
    {
        var (start, goals) = (Stopwatch.GetTimestamp(), _workers.Select(w => _steps.GetValueOrDefault(w.Rank) + steps).ToArray());
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (_workers.Any(w => _steps.GetValueOrDefault(w.Rank) < goals[w.Rank]))
        {
            if (_running.IsCompleted) await _running;
            await looks.WaitForNextTickAsync(_limit);
        }
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Ends the training.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var worker in _workers) await worker.DisposeAsync();
        _stop.Dispose();
    }

    private void Count(IParameterWorker worker) => _steps.AddOrUpdate(worker.Rank, 1, (_, n) => n + 1);
}
