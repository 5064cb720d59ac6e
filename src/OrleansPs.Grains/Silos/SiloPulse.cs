using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansPs.Grains;

/// <summary>
/// Knows whether this silo was away: stopped, starved, moved. One that was may have been declared dead, and its blocks have new
/// primaries: it answers no pull before it has read the membership again. (Pushes need no such care: the standby refuses them.)
/// Knows too when it ends.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class SiloPulse(
    IClusterMembershipService membership, ILocalSiloDetails local, TimeProvider time, ILogger<SiloPulse> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(100);

    private long _last = time.GetTimestamp();
    private volatile bool _isTrusted = true;
    private volatile bool _isEnding;
    private ITimer? _timer;
    private int _isAsking;

    /// <summary>A silo that did not run for this long was away.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether what this silo believes of itself can be relied on.</summary>
    public bool MayAnswer => _isTrusted && time.GetElapsedTime(Volatile.Read(ref _last)) < Limit;

    /// <summary>Whether this silo has given away what it could: whoever still waits for another silo here waits in vain.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>This silo has given away what it could.</summary>
    public void End() => _isEnding = true;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(SiloPulse), ServiceLifecycleStage.Active, _ =>
    {
        Volatile.Write(ref _last, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Beat(), null, s_period, s_period);
        return Task.CompletedTask;
    });

    public void Dispose() => _timer?.Dispose();

    private void Beat()
    {
        var away = time.GetElapsedTime(Volatile.Read(ref _last));
        if (away >= Limit)
        {
            _isTrusted = false;
            LogAway(logger, away.TotalMilliseconds);
        }
        Volatile.Write(ref _last, time.GetTimestamp());
        if (!_isTrusted && Interlocked.Exchange(ref _isAsking, 1) == 0) _ = AskAsync();
    }

    private async Task AskAsync()
    {
        try
        {
            await membership.Refresh().ConfigureAwait(false);
            _isTrusted = membership.CurrentSnapshot.GetSiloStatus(local.SiloAddress) == SiloStatus.Active;
        }
#pragma warning disable CA1031 // Whatever it is, it is asked again at the next beat.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        finally
        {
            Volatile.Write(ref _isAsking, 0);
        }
    }

    [LoggerMessage(43, LogLevel.Warning, "This silo was away for {Milliseconds:0} ms; it answers no pull before it has read the membership")]
    private static partial void LogAway(ILogger logger, double milliseconds);
}
