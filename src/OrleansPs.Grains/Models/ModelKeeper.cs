using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// Watches over the blocks of one model: puts it back to its newest cut when a silo took blocks with it, moves blocks when a
/// silo comes, and away from one that is to go. One of these at a time.
/// </summary>
internal sealed partial class ModelKeeper(ModelHost host, BlockPlacer placer, BlockMover mover, ClusterServices services)
    : IAsyncDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_lastSnapshotLimit = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = services.Loggers.CreateLogger<ModelKeeper>();
    private readonly SemaphoreSlim _placing = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public void Start() => _watching = Task.Run(WatchAsync);

    /// <summary>Ends: what is under way comes to its end first, and nothing more begins.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _placing.WaitAsync().ConfigureAwait(false);
    }

    /// <summary>Does something to the model while no block moves.</summary>
    public async Task<T> ExclusivelyAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _placing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _placing.Release();
        }
    }

    /// <summary>Moves blocks away from a silo. If there is no other one, what it holds goes into a snapshot.</summary>
    /// <returns>How many blocks are still there and would be lost with it.</returns>
    public async Task<int> DrainAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        placer.Avoid(silo);
        if (services.Silos.Active.All(placer.Avoids))
        {
            await TakeLastSnapshotAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }
        return await ExclusivelyAsync(async () =>
        {
            await MoveToPlanAsync().ConfigureAwait(false);
            return Blocks().Sites.Count(s => s.Silo.Equals(silo));
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task WatchAsync()
    {
        await foreach (var _ in services.Silos.Changes.WithCancellation(_stop.Token).ConfigureAwait(false))
            while (!await TrySettleAsync().ConfigureAwait(false))
                await Task.Delay(s_retry, services.Time, _stop.Token).ConfigureAwait(false);
    }

    /// <summary>Brings the model in order with the silos that there are.</summary>
    /// <returns>False if it has to be tried again.</returns>
    private async Task<bool> TrySettleAsync()
    {
        try
        {
            return await ExclusivelyAsync(SettleAsync, _stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever went wrong, the model must not stay without its blocks: it is tried again.
        catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFailed(_logger, host.Spec.Name, e.Message);
            return false;
        }
    }

    private async Task<bool> SettleAsync()
    {
        var lost = Blocks().Sites.Count(s => services.Silos.IsGone(s.Silo));
        if (lost == 0) return await MoveToPlanAsync().ConfigureAwait(false);
        LogLost(_logger, host.Spec.Name, lost);
        var start = services.Time.GetTimestamp();
        await host.RecoverAsync(_stop.Token).ConfigureAwait(false);
        var cut = host.Runtime.Coordinator.Read(c => c.State.RestoredCut);
        LogRecovered(_logger, host.Spec.Name, cut, services.Time.GetElapsedTime(start).TotalMilliseconds);
        return true;
    }

    /// <summary>Moves what is not where it should be.</summary>
    /// <returns>False if something stayed.</returns>
    private async Task<bool> MoveToPlanAsync()
    {
        var (runtime, blocks) = (host.Runtime, Blocks());
        var plan = placer.Plan([.. blocks.Sites.Select(s => s.Silo)]);
        var all = true;
        for (var block = 0; block < plan.Length; block++)
        {
            if (plan[block].Equals(blocks.Sites[block].Silo)) continue;
            // A cut that is open holds frozen copies, which do not go along.
            runtime.Coordinator.Do((c, now) =>
            {
                if (c.State.OpenCut is { } open) c.CutFailed(open.Cut, "a block moved to another silo", now);
            });
            all &= await mover.MoveAsync(runtime, blocks, block, plan[block]).ConfigureAwait(false);
        }
        return all;
    }

    private async Task TakeLastSnapshotAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        limit.CancelAfter(s_lastSnapshotLimit);
        try
        {
            await host.TakeSnapshotAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ParameterServerException or OperationCanceledException)
        {
            LogNoLastSnapshot(_logger, host.Spec.Name, e.Message);
        }
    }

    private GrainBlocks Blocks() => (GrainBlocks)host.Runtime.Blocks;

    [LoggerMessage(20, LogLevel.Warning, "Model {Model} lost {Blocks} blocks with a silo; it goes back to its newest cut")]
    private static partial void LogLost(ILogger logger, string model, int blocks);

    [LoggerMessage(21, LogLevel.Information, "Model {Model} goes on from cut {Cut} after {Milliseconds:0} ms")]
    private static partial void LogRecovered(ILogger logger, string model, long cut, double milliseconds);

    [LoggerMessage(22, LogLevel.Warning, "The blocks of model {Model} are not where they should be yet: {Reason}")]
    private static partial void LogFailed(ILogger logger, string model, string reason);

    [LoggerMessage(23, LogLevel.Warning, "The last silo goes, and there is no last snapshot of model {Model}: {Reason}")]
    private static partial void LogNoLastSnapshot(ILogger logger, string model, string reason);
}
