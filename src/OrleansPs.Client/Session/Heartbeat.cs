using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// Renews the lease three times as often as it would run out, while the session is active: computing, parked at the gate
/// or retrying. A lost heartbeat is not sent again; the next one comes soon enough.
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly SessionContext _context;
    private readonly CoordinatorCalls _coordinator;
    private readonly TimeSpan _period;
    private readonly CancellationTokenSource _lifetime = new();
    private readonly ITimer _timer;
    private int _isBeating;

    public Heartbeat(SessionContext context, CoordinatorCalls coordinator, TimeSpan lease)
    {
        _context = context;
        _coordinator = coordinator;
        _period = lease / 3;
        _timer = context.Environment.Time.CreateTimer(
            static heartbeat => _ = ((Heartbeat)heartbeat!).BeatAsync(), this, _period, _period);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _lifetime.Cancel();
    }

    private async Task BeatAsync()
    {
        if (_context.State.Phase != SessionPhase.Active || Interlocked.Exchange(ref _isBeating, 1) != 0) return;
        try
        {
            var limit = _context.Options.RequestTimeout < _period ? _context.Options.RequestTimeout : _period;
            await _coordinator.TrySayAsync(PresenceKind.Heartbeat, limit, _lifetime.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A heartbeat has nobody to tell: the next request finds the same trouble.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            Volatile.Write(ref _isBeating, 0);
        }
    }
}
