using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansPs.Grains;

/// <summary>
/// Holds a connection to each other silo, silent and to its ordinary port. A process that dies takes its end with it at once, and
/// then refuses to be called: that is how a dead silo differs from one that pauses, which keeps its connection and is left to the
/// ordinary probes. Only refusals count, never silence, for one vote here ends a silo.
/// </summary>
internal sealed partial class PeerWatcher(
    IClusterMembershipService membership, ILocalSiloDetails local, ParameterServerOptions options, ILogger<PeerWatcher> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private const int Refusals = 3;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<SiloAddress, Task> _watched = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (!options.WatchPeers) return;
        lifecycle.Subscribe(nameof(PeerWatcher), ServiceLifecycleStage.ValidateInitialConnectivity - 1, EndDeadNeighboursAsync);
        lifecycle.Subscribe(nameof(PeerWatcher), ServiceLifecycleStage.Active, _ =>
        {
            _running = Task.Run(RunAsync, CancellationToken.None);
            return Task.CompletedTask;
        }, _ => _stop.CancelAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// A silo may join only when all that count as alive answer it. After all of a machine's silos were killed at once none of them
    /// does, and nobody is left to say that they are dead: so a silo that starts there says it. Only of its own machine, where
    /// a refusal can't come from a network in between.
    /// </summary>
    private async Task EndDeadNeighboursAsync(CancellationToken cancellationToken)
    {
        // Where this silo can't be called itself, silos speak by other means than sockets, as those of a test in one process do.
        if (await IsRefusedAsync(local.SiloAddress).ConfigureAwait(false)) return;
        await membership.Refresh(cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            var silo = member.SiloAddress;
            if (member.Status != SiloStatus.Active || silo.Equals(local.SiloAddress)) continue;
            if (!silo.Endpoint.Address.Equals(local.SiloAddress.Endpoint.Address)) continue;
            if (await IsRefusedAsync(silo).ConfigureAwait(false)) await EndAsync(silo).ConfigureAwait(false);
        }
    }

    private async Task<bool> IsRefusedAsync(SiloAddress silo)
    {
        for (var attempt = 0; attempt < Refusals; attempt++)
        {
            using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (await TryConnectAsync(socket, silo).ConfigureAwait(false) != null) return false;
            await Task.Delay(s_pause).ConfigureAwait(false);
        }
        return true;
    }

    private async Task EndAsync(SiloAddress silo)
    {
        LogDead(logger, silo);
        await ((Task)membership.TryKill(silo)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stop.Token).ConfigureAwait(false))
            foreach (var member in snapshot.Members.Values)
                if (member.Status == SiloStatus.Active && !member.SiloAddress.Equals(local.SiloAddress))
                    _ = _watched.GetOrAdd(member.SiloAddress, silo => Task.Run(() => WatchAsync(silo), CancellationToken.None));
    }

    private async Task WatchAsync(SiloAddress silo)
    {
        var (refused, wasConnected) = (0, false);
        while (!_stop.IsCancellationRequested && IsActive(silo))
        {
            if (await TryHoldAsync(silo).ConfigureAwait(false) is { } held) (refused, wasConnected) = (0, wasConnected | held);
            else refused++;
            if (refused >= Refusals && wasConnected && IsActive(silo))
            {
                await EndAsync(silo).ConfigureAwait(false);
                refused = 0;
            }
            await Task.Delay(s_pause).ConfigureAwait(false);
        }
        _watched.TryRemove(silo, out _);
    }

    /// <summary>Connects, and waits until the connection ends.</summary>
    /// <returns>True if it was connected, false if it is unknown whether that can be, null if the connection was refused.</returns>
    private async Task<bool?> TryHoldAsync(SiloAddress silo)
    {
        using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (await TryConnectAsync(socket, silo).ConfigureAwait(false) is not true and var failed) return failed;
        try
        {
            await socket.ReceiveAsync(new byte[1], _stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // However it ended: the next attempt to connect tells.
        }
        return true;
    }

    /// <returns>True if it is connected, false if it is unknown whether that can be, null if it was refused.</returns>
    private async Task<bool?> TryConnectAsync(Socket socket, SiloAddress silo)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(s_connectLimit);
            await socket.ConnectAsync(silo.Endpoint, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private bool IsActive(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;

    [LoggerMessage(40, LogLevel.Warning, "Silo {Silo} ended its connection and refuses new ones: its process is gone")]
    private static partial void LogDead(ILogger logger, SiloAddress silo);
}
