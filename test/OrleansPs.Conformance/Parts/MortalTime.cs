using System.Collections.Concurrent;

namespace OrleansPs.Conformance;

/// <summary>The system's time, with timers that belong to the life during which they were made, and stop with it.</summary>
public sealed class MortalTime : TimeProvider
{
    private readonly AsyncLocal<Life?> _present = new();

    public Life BeginLife() => _present.Value = new Life(this);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _present.Value?.Timers.Add(timer);
        return timer;
    }

    public sealed class Life(MortalTime time) : IDisposable
    {
        public ConcurrentBag<ITimer> Timers { get; } = [];

        public void End()
        {
            foreach (var timer in Timers) timer.Dispose();
        }

        /// <summary>From here on timers are made outside this life.</summary>
        public void Dispose() => time._present.Value = null;
    }
}
