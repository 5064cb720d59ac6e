namespace OrleansPs.Client;

/// <summary>
/// A token for one attempt after another, with a time limit by the environment's clock. It is made anew only after it was
/// used up, so attempts that succeed allocate nothing.
/// </summary>
/// <remarks>One attempt at a time; <see cref="Cancel"/> may come from any thread.</remarks>
internal sealed class Deadline(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _source = new();
    private ITimer? _timer;
    private TimeSpan _limit;
    private long _start;
    private bool _isArmed;
    private bool _isSpent;

    public CancellationToken Token
    {
        get { lock (_lock) return _source.Token; }
    }

    /// <summary>Starts the limit of the attempt that is under way.</summary>
    public void Arm(TimeSpan limit)
    {
        lock (_lock)
        {
            _start = time.GetTimestamp();
            _limit = limit;
            _isArmed = true;
            _timer ??= time.CreateTimer(
                static deadline => ((Deadline)deadline!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(limit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the attempt: the token is as new.</summary>
    public void Disarm()
    {
        lock (_lock)
        {
            if (_isArmed) _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _isArmed = false;
            if (_isSpent || !_source.TryReset()) _source = new();
            _isSpent = false;
        }
    }

    public void Cancel() => Take()?.Cancel();

    public void Dispose()
    {
        lock (_lock) _timer?.Dispose();
    }

    // A timer may fire late, for an attempt that is over, or a little early.
    private void Expire()
    {
        CancellationTokenSource? expired;
        lock (_lock)
        {
            if (!_isArmed) return;
            var left = _limit - time.GetElapsedTime(_start);
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left < OneMillisecond ? OneMillisecond : left, Timeout.InfiniteTimeSpan);
                return;
            }
            expired = Take();
        }
        expired?.Cancel();
    }

    // The source is cancelled outside the lock, for that runs the transport's code; the next attempt gets another one.
    private CancellationTokenSource? Take()
    {
        lock (_lock)
        {
            if (_isSpent) return null;
            _isSpent = true;
            return _source;
        }
    }

    private static TimeSpan OneMillisecond { get; } = TimeSpan.FromMilliseconds(1);
}
