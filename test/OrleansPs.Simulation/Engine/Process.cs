namespace OrleansPs.Simulation;

/// <summary>
/// What lives and dies as one: a worker's process, a silo, or a coordinator on one. All that happens to it comes through <see cref="Do"/>; a
/// dead one hears nothing, a paused one hears it later.
/// </summary>
internal sealed class Process
{
    private readonly Queue<Action> _late = new();
    private int _pauses;

    public bool IsDead { get; private set; }

    public bool IsPaused => _pauses > 0;

    public void Do(Action action)
    {
        if (IsDead) return;
        if (IsPaused) _late.Enqueue(action);
        else action();
    }

    public void Kill()
    {
        IsDead = true;
        _late.Clear();
    }

    public void Pause() => _pauses++;

    public void Resume()
    {
        _pauses--;
        while (!IsPaused && !IsDead && _late.TryDequeue(out var action)) action();
    }
}

/// <summary>The clock of one process. Its timers are events, and die with the process.</summary>
internal sealed class SimTime(Scheduler scheduler, Process process) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => scheduler.Now;

    public override DateTimeOffset GetUtcNow() => Start + scheduler.Time;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(scheduler, process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(Scheduler scheduler, Process process, Action callback) : ITimer
    {
        private int _version;
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            Schedule(++_version, dueTime);
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Schedule(int version, TimeSpan due)
        {
            if (due < TimeSpan.Zero) return;
            scheduler.After(due, () =>
            {
                if (version == _version) process.Do(() => Fire(version));
            });
        }

        private void Fire(int version)
        {
            if (version != _version) return;
            if (_period > TimeSpan.Zero) Schedule(version, _period);
            callback();
        }
    }
}
