using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansPs.Grains;

/// <summary>
/// Holds a connection to each other silo, silent and to its ordinary port. A process that dies takes its end with it at once, and
/// then refuses to be called: that is how a dead silo differs from one that pauses, which keeps its connection and is left to the
/// ordinary probes. One vote here ends a silo, so only this counts: the other side ended the connection, and since then has
/// refused every attempt to connect.
/// </summary>
/// <remarks>
/// What is assumed: a firewall that begins to drop or to reject does not end a connection over which the other side has spoken and on which nothing is sent, and without
/// an end refusals count for nothing; a network that is cut off gives silence or "unreachable", which take back what counted so
/// far; an address is not given to another machine that refuses at once, or if it is, then the silo is gone. A silo that ends in
/// order has said so in the table before it closes its port, and the table is read once more before the vote.
/// </remarks>
internal sealed partial class PeerWatcher(
    IClusterMembershipService membership, ILocalSiloDetails local, ParameterServerOptions options, ILogger<PeerWatcher> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private const int Refusals = 3;
    private static readonly TimeSpan s_betweenRefusals = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_afterVote = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(2);

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
            if (!await PeerConnection.IsRefusedAsync(silo.Endpoint, s_connectLimit, _stop.Token).ConfigureAwait(false)) return false;
            await Task.Delay(s_pause).ConfigureAwait(false);
        }
        return true;
    }

    private async Task EndAsync(SiloAddress silo)
    {
        LogDead(logger, silo);
        // It is only put into a queue; a vote that another change of the table overtook comes to nothing.
        await ((Task)membership.TryKill(silo)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // The connection to a machine that vanished would be waited for for ever: the table ends its watch.
    private async Task RunAsync()
    {
        var watched = new Dictionary<SiloAddress, CancellationTokenSource>();
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stop.Token).ConfigureAwait(false))
        {
            foreach (var silo in watched.Keys.Where(silo => snapshot.GetSiloStatus(silo) != SiloStatus.Active).ToArray())
            {
                watched.Remove(silo, out var over);
                await over!.CancelAsync().ConfigureAwait(false);
                over.Dispose();
            }
            foreach (var member in snapshot.Members.Values)
            {
                var silo = member.SiloAddress;
                if (member.Status != SiloStatus.Active || silo.Equals(local.SiloAddress) || watched.ContainsKey(silo)) continue;
                var over = watched[silo] = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var token = over.Token;
                _ = Task.Run(() => WatchAsync(silo, token), CancellationToken.None);
            }
        }
    }

    private async Task WatchAsync(SiloAddress silo, CancellationToken over)
    {
        var (refused, hasEnded) = (0, false);
        while (!over.IsCancellationRequested)
        {
            switch (await PeerConnection.HoldAsync(silo.Endpoint, s_connectLimit, over).ConfigureAwait(false))
            {
                case Held.Ended:
                    (refused, hasEnded) = (0, true);
                    break;
                case Held.Refused:
                    refused++;
                    break;
                case Held.Unknown:
                    (refused, hasEnded) = (0, false);
                    break;
            }
            if (hasEnded && refused >= Refusals)
            {
                await EndIfActiveAsync(silo).ConfigureAwait(false);
                refused = 0;
            }
            await Task.Delay(hasEnded ? s_betweenRefusals : s_pause, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task EndIfActiveAsync(SiloAddress silo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(s_afterVote);
        await membership.Refresh(cancellationToken: limit.Token).AsTask().WaitAsync(limit.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_stop.IsCancellationRequested || !IsActive(silo)) return;
        await EndAsync(silo).ConfigureAwait(false);
        await Task.Delay(s_afterVote).ConfigureAwait(false);
    }

    private bool IsActive(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Active;

    [LoggerMessage(40, LogLevel.Warning, "Silo {Silo} ended its connection and refuses new ones: its process is gone")]
    private static partial void LogDead(ILogger logger, SiloAddress silo);
}
