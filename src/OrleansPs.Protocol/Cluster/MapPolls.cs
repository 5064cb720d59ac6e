namespace OrleansPs.Protocol;

/// <summary>
/// Asks the coordinator for the map while somebody waits for it, or while a call is open for longer than it should: a silo that
/// died does not say so, but what comes in its place has another epoch, another generation or another term.
/// </summary>
/// <remarks>
/// Thread safe. A question may go to a dead silo itself, so the next one does not wait for it; only a few are open at a time. What
/// is answered late is heard too.
/// </remarks>
internal sealed class MapPolls
{
    /// <summary>Calls that are answered within this time cause no question.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMilliseconds(150);

    private const int MostOpen = 3;
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(400);

    private readonly Lock _lock = new();
    private readonly Func<Task<Outcome<BlockMap>>> _ask;
    private readonly IMapListener _listener;
    private readonly OpenCalls _calls;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private TimeSpan _pause = s_firstPause;
    private long _asked;
    private int _open;
    private int _waiting;
    private bool _isTicking;

    public MapPolls(Func<Task<Outcome<BlockMap>>> ask, IMapListener listener, OpenCalls calls, TimeProvider time)
    {
        (_ask, _listener, _calls, _time) = (ask, listener, calls, time);
        _timer = time.CreateTimer(static polls => ((MapPolls)polls!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        calls.Began = StartTicking;
    }

    /// <summary>Somebody waits for a newer map until <see cref="EndWait"/>: asks at once.</summary>
    public void BeginWait()
    {
        bool asks;
        lock (_lock)
        {
            if (_waiting++ == 0) _pause = s_firstPause;
            asks = _open == 0 && TryBegin();
        }
        if (asks) _ = AskAsync();
        StartTicking();
    }

    public void EndWait()
    {
        lock (_lock) _waiting--;
    }

    /// <summary>Asks at once, whatever has been asked before.</summary>
    public void AskAgain()
    {
        lock (_lock)
        {
            _pause = s_firstPause;
            if (!TryBegin()) return;
        }
        _ = AskAsync();
    }

    private void StartTicking()
    {
        lock (_lock)
        {
            if (_isTicking) return;
            _isTicking = true;
            _timer.Change(s_tick, Timeout.InfiniteTimeSpan);
        }
    }

    private void Tick()
    {
        var isLate = _calls.IsAnyOlderThan(Late);
        bool asks, isAwaited;
        lock (_lock)
        {
            isAwaited = _waiting > 0;
            _isTicking = isAwaited || !_calls.IsEmpty;
            if (_isTicking) _timer.Change(s_tick, Timeout.InfiniteTimeSpan);
            asks = (isAwaited || isLate) && IsTime() && TryBegin();
            if (!isAwaited && !isLate) _pause = s_firstPause;
        }
        if (asks) _ = AskAsync();
        if (isAwaited) _listener.Ticked();
    }

    private bool IsTime()
    {
        var pause = _open > 0 && _pause < s_silence ? s_silence : _pause;
        return _asked == 0 || _time.GetElapsedTime(_asked) >= pause;
    }

    private bool TryBegin()
    {
        if (_open == MostOpen) return false;
        _open++;
        _asked = _time.GetTimestamp();
        _pause = _pause * 1.5 < s_longestPause ? _pause * 1.5 : s_longestPause;
        return true;
    }

    private async Task AskAsync()
    {
        var hearing = HearAsync();
        try
        {
            await hearing.WaitAsync(s_limit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is no longer counted on.
        }
        finally
        {
            lock (_lock) _open--;
        }
    }

    private async Task HearAsync()
    {
        try
        {
            var outcome = await Calls.WaitAsync(_ask(), CancellationToken.None).ConfigureAwait(false);
            _listener.Heard(outcome.Get());
        }
#pragma warning disable CA1031 // Those who wait decide what it means to them.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _listener.Failed(e);
        }
    }
}

/// <summary>Hears what comes of the questions for the map.</summary>
internal interface IMapListener
{
    /// <summary>The coordinator's map; it may be an older one that comes late.</summary>
    void Heard(BlockMap map);

    /// <summary>A question failed.</summary>
    void Failed(Exception error);

    /// <summary>Some time has passed while somebody waits.</summary>
    void Ticked();
}
