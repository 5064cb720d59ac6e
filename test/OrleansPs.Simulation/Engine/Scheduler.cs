namespace OrleansPs.Simulation;

/// <summary>
/// The one thread of a simulated run: a queue of events by time, and by order of making where times are equal. Time stands
/// still while an event runs, and jumps to the next one.
/// </summary>
internal sealed class Scheduler(int seed)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private long _order;

    /// <summary>All chance of the run comes from here.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>Ticks since the run began.</summary>
    public long Now { get; private set; }

    public TimeSpan Time => new(Now);

    /// <summary>Events run so far.</summary>
    public long Events { get; private set; }

    public void After(TimeSpan delay, Action action)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        _queue.Enqueue(action, (Now + delay.Ticks, ++_order));
    }

    public bool RunNext()
    {
        if (!_queue.TryDequeue(out var action, out var key)) return false;
        Now = key.At;
        Events++;
        action();
        return true;
    }

    public bool Chance(double probability) => probability > 0 && Random.NextDouble() < probability;

    public TimeSpan Between(TimeSpan low, TimeSpan high) => low + (high - low) * Random.NextDouble();

    public TimeSpan Milliseconds(double low, double high) =>
        Between(TimeSpan.FromMilliseconds(low), TimeSpan.FromMilliseconds(high));
}
