using Microsoft.Extensions.Logging;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// Tells one model's coordinator which silos there are, and puts the model back to its newest cut when blocks have lost all their
/// replicas.
/// </summary>
internal sealed partial class ModelKeeper : IAsyncDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_renew = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_drainWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lastSnapshotLimit = TimeSpan.FromSeconds(10);

    private readonly ModelHost _host;
    private readonly BlockPlacer _placer;
    private readonly ClusterServices _services;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly Lock _telling = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;
    private Task _recovering = Task.CompletedTask;
    private volatile bool _hasLast;

    public ModelKeeper(ModelHost host, BlockPlacer placer, GrainBlockFactory factory, ClusterServices services)
    {
        (_host, _placer, _services) = (host, placer, services);
        _logger = services.Loggers.CreateLogger<ModelKeeper>();
        factory.OnLost = (blocks, count) => _recovering = Task.Run(() => RecoverAsync(blocks, count));
        host.OnBegun = TellSilos;
        host.OnStranded = () =>
        {
            if (host.TryRuntime is { } runtime) _recovering = Task.Run(() => RecoverAsync((GrainBlocks)runtime.Blocks, 0));
        };
    }

    public void Start()
    {
        TellSilos();
        _watching = Task.WhenAll(Task.Run(WatchAsync), Task.Run(LookAsync));
    }

    /// <summary>Ends: what is under way comes to its end first, and nothing more begins.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _recovering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _changing.WaitAsync().ConfigureAwait(false);
    }

    /// <summary>Does something to the model while it is not being put back.</summary>
    public async Task<T> ExclusivelyAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await _changing.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Moves replicas away from a silo. If there is no other one, what it holds goes into a snapshot.</summary>
    /// <returns>How many replicas are still there.</returns>
    public async Task<int> DrainAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        RequireStay();
        _placer.Avoid(silo);
        TellSilos();
        var start = _services.Time.GetTimestamp();
        while (true)
        {
            var left = CountAt(silo.ToParsableString());
            if (left == 0) _placer.Leave(silo);
            if (left == 0 || _services.Time.GetElapsedTime(start) > s_drainWait) return left;
            if (AllGo()) break;
            await Task.Delay(s_look, _services.Time, cancellationToken).ConfigureAwait(false);
        }
        await TakeLastSnapshotAsync(cancellationToken).ConfigureAwait(false);
        return 0;
    }

    private bool AllGo() => _services.Silos.Active.All(_placer.Avoids);

    private int CountAt(string silo) =>
        _host.TryRuntime?.Blocks.Replicas!.Map.Sum(s => (s.Primary.Silo == silo ? 1 : 0) + (s.Standby?.Silo == silo ? 1 : 0)) ?? 0;

    // From a silo whose end has come nobody is reached any more: the next coordinator can, if it is asked.
    private void RequireStay()
    {
        if (_services.Pulse.IsEnding) throw new ServerUnavailableException($"The coordinator of model '{_host.Spec.Name}' ends with its silo; ask again.");
    }

    private async Task WatchAsync()
    {
        await foreach (var _ in _services.Silos.Changes.WithCancellation(_stop.Token).ConfigureAwait(false)) TellSilos();
    }

    /// <summary>A silo may fail and come round without leaving the cluster: the record's other copy is looked after again and again.</summary>
    private async Task LookAsync()
    {
        using var looks = new PeriodicTimer(s_renew, _services.Time);
        while (await looks.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            await TellSilosAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void TellSilos() => TellSilosAsync().Ignore();

    private Task TellSilosAsync()
    {
        if (_host.TryRuntime is not { } runtime) return Task.CompletedTask;
        // One after the other, so that an older view never comes last.
        lock (_telling)
        {
            var (usable, alive) = (_placer.Usable(), _placer.Alive());
            // A silo that stays has come: what was left for it is not the last any more.
            if (!AllGo()) _hasLast = false;
            runtime.Coordinator.Do((c, now) => c.SilosChanged(usable, alive, now));
        }
        return runtime.Coordinator.RenewJournalAsync();
    }

    private async Task RecoverAsync(GrainBlocks lost, int count)
    {
        LogLost(_logger, _host.Spec.Name, count);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ExclusivelyAsync(() => RecoverOnceAsync(lost), _stop.Token).ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // Whatever went wrong, the model must not stay without its blocks: it is tried again.
            catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(_logger, _host.Spec.Name, e.Message);
            }
            await Task.Delay(s_retry, _services.Time, _stop.Token).ConfigureAwait(false);
        }
    }

    private async Task<bool> RecoverOnceAsync(GrainBlocks lost)
    {
        if (_host.TryRuntime?.Blocks != lost) return false;
        var start = _services.Time.GetTimestamp();
        await _host.RecoverAsync(_stop.Token).ConfigureAwait(false);
        var cut = _host.Runtime.Coordinator.Read(c => c.State.RestoredCut);
        LogRecovered(_logger, _host.Spec.Name, cut, _services.Time.GetElapsedTime(start).TotalMilliseconds);
        return true;
    }

    // For each silo that goes, since workers may still push. What the first one has left the others may fail to better: some blocks are gone by then.
    private async Task TakeLastSnapshotAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        limit.CancelAfter(s_lastSnapshotLimit);
        while (true)
        {
            try
            {
                await _host.TakeSnapshotAsync(limit.Token).ConfigureAwait(false);
                _hasLast = true;
                return;
            }
            // Blocks that are on their way to a silo that goes too arrive, or stay.
            catch (SnapshotAbortedException) when (!_hasLast && !limit.IsCancellationRequested)
            {
                RequireStay();
                await Task.Delay(s_retry, _services.Time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ParameterServerException or OperationCanceledException)
            {
                if (!_hasLast) LogNoLastSnapshot(_logger, _host.Spec.Name, e.Message);
                return;
            }
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "Model {Model} lost all replicas of {Blocks} blocks; it goes back to its newest cut")]
    private static partial void LogLost(ILogger logger, string model, int blocks);

    [LoggerMessage(21, LogLevel.Information, "Model {Model} goes on from cut {Cut} after {Milliseconds:0} ms")]
    private static partial void LogRecovered(ILogger logger, string model, long cut, double milliseconds);

    [LoggerMessage(22, LogLevel.Warning, "Model {Model} could not be put back yet: {Reason}")]
    private static partial void LogFailed(ILogger logger, string model, string reason);

    [LoggerMessage(23, LogLevel.Warning, "The last silo goes, and there is no last snapshot of model {Model}: {Reason}")]
    private static partial void LogNoLastSnapshot(ILogger logger, string model, string reason);
}
