using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// What a silo does for the models when it comes and goes: it tries the storage before it joins; it lets models go on whose
/// silo was lost; it gives its blocks away before it leaves.
/// </summary>
internal sealed partial class SiloLife(
    IGrainFactory grains, IClusterMembershipService membership, ILocalSiloDetails local, SiloStorage storage,
    ParameterServerOptions options, SiloPulse pulse, TimeProvider time, ILogger<SiloLife> logger) : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private static readonly TimeSpan s_probeLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle)
    {
        // Before the silo joins the others: one that can't keep a snapshot is of no use to them. A storage that is made of grains
        // itself can't be tried before they are there.
        lifecycle.Subscribe(nameof(SiloLife), ServiceLifecycleStage.Active, ProbeAsync);
        // The last stage to start is the first to stop, while everything still works.
        lifecycle.Subscribe(nameof(SiloLife), ServiceLifecycleStage.Last, StartAsync, LeaveAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_probeLimit);
        try
        {
            await storage.Snapshots.ProbeAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SnapshotStorageException(storage.Bytes.Name,
                $"it did not answer within {s_probeLimit.TotalSeconds} s; check that it runs and that its address is right.", transient: true);
        }
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        _watching = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task WatchAsync()
    {
        var dead = 0;
        var isFirst = true;
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stop.Token).ConfigureAwait(false))
        {
            var now = snapshot.Members.Values.Count(m => m.Status == SiloStatus.Dead);
            if (isFirst || now > dead) await WakeAsync().ConfigureAwait(false);
            (dead, isFirst) = (now, false);
        }
    }

    private async Task WakeAsync()
    {
        try
        {
            await grains.GetGrain<ICatalogControl>(ICatalogGrain.Key).WakeAll().WaitAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (Calls.IsPassing(e))
        {
            LogNotWoken(logger, e.Message);
        }
    }

    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.DrainTimeout);
        var left = -1;
        try
        {
            while ((left = await TryDrainAsync(limit.Token).ConfigureAwait(false)) != 0)
                await Task.Delay(s_pause, time, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogNotDrained(logger, local.SiloAddress, left);
        }
        finally
        {
            pulse.End();
        }
    }

    private async Task<int> TryDrainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var catalog = grains.GetGrain<ICatalogControl>(ICatalogGrain.Key);
            var outcome = await Calls.WaitAsync(catalog.Leave(local.SiloAddress), cancellationToken).ConfigureAwait(false);
            return outcome.Get();
        }
        catch (ParameterServerException)
        {
            return -1;
        }
    }

    [LoggerMessage(41, LogLevel.Warning, "Models could not be woken: {Reason}. They go on when somebody asks for them.")]
    private static partial void LogNotWoken(ILogger logger, string reason);

    [LoggerMessage(42, LogLevel.Warning, "Silo {Silo} leaves with {Blocks} blocks (-1: unknown): their models go back to their newest cut")]
    private static partial void LogNotDrained(ILogger logger, SiloAddress silo, int blocks);
}
