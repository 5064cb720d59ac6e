using System.Diagnostics;

namespace OrleansPs.Torture;

/// <summary>What a child is at.</summary>
internal enum ChildState
{
    /// <summary>There is no process.</summary>
    Away,

    /// <summary>The process doesn't say yet that it is ready.</summary>
    Starting,

    /// <summary>It works.</summary>
    Ready,

    /// <summary>It stands still.</summary>
    Paused,

    /// <summary>It was told to end.</summary>
    Ending,
}

/// <summary>A process that is started again whenever it ends, until it is stopped for good.</summary>
/// <param name="start">Starts the process: the first, the second ...</param>
/// <param name="isReadyAsync">Whether it works; it is asked until it does.</param>
internal sealed class Child(Func<int, Process> start, Func<Task<bool>> isReadyAsync) : IAsyncDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    private readonly Lock _lock = new();
    private Process? _process;
    private TimeSpan _away;
    private TimeSpan _until;
    private TimeSpan? _startAt;
    private bool _isAsked;
    private bool _isStopping;
    private int _lives;

    public ChildState State { get; private set; }

    /// <summary>How often it ended, or never became ready, though nobody asked for it.</summary>
    public int EndedUnasked { get; private set; }

    /// <summary>Keeps it running.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (Look(SharedClock.Now)) await Tool.SignalAsync(_process!, "CONT").ConfigureAwait(false);
            if (State == ChildState.Starting && await isReadyAsync().ConfigureAwait(false))
                lock (_lock) if (State == ChildState.Starting) State = ChildState.Ready;
            await Task.Delay(s_look, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>SIGKILL.</summary>
    /// <param name="away">How long it then stays away.</param>
    public void Kill(TimeSpan away)
    {
        lock (_lock)
        {
            (_isAsked, _away) = (true, away);
            _process?.Kill();
        }
    }

    /// <summary>SIGTERM; if that isn't heard, SIGKILL after a long time.</summary>
    /// <param name="away">How long it then stays away.</param>
    public Task EndAsync(TimeSpan away)
    {
        lock (_lock) (State, _isAsked, _away, _until) = (ChildState.Ending, true, away, SharedClock.Now + s_endLimit);
        return Tool.SignalAsync(_process!, "TERM");
    }

    /// <summary>SIGSTOP, and some time later SIGCONT.</summary>
    public Task PauseAsync(TimeSpan length)
    {
        lock (_lock) (State, _until) = (ChildState.Paused, SharedClock.Now + length);
        return Tool.SignalAsync(_process!, "STOP");
    }

    /// <summary>SIGTERM, and it isn't started again.</summary>
    /// <returns>Its exit status; null if it didn't end.</returns>
    public async Task<int?> StopAsync(TimeSpan limit)
    {
        lock (_lock) _isStopping = true;
        await Tool.SignalAsync(_process!, "TERM").ConfigureAwait(false);
        using var bound = new CancellationTokenSource(limit);
        try
        {
            await _process!.WaitForExitAsync(bound.Token).ConfigureAwait(false);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isStopping = true;
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    /// <returns>Whether a pause is over.</returns>
    private bool Look(TimeSpan now)
    {
        lock (_lock)
        {
            if (_process is null || _process.HasExited)
            {
                if (!_isStopping) Restart(now);
                return false;
            }
            if (State is ChildState.Ending or ChildState.Starting && now > _until) _process.Kill();
            if (State != ChildState.Paused || now < _until) return false;
            (State, _until) = (ChildState.Starting, now + s_startLimit);
            return true;
        }
    }

    private void Restart(TimeSpan now)
    {
        if (_startAt is null && _process is not null)
        {
            State = ChildState.Away;
            if (!_isAsked) EndedUnasked++;
            _startAt = now + (_isAsked ? _away : s_rest);
        }
        if (now < _startAt) return;
        _process?.Dispose();
        (State, _isAsked, _startAt, _until) = (ChildState.Starting, false, null, now + s_startLimit);
        _process = start(_lives++);
    }
}
