namespace OrleansPs.Torture;

/// <summary>How long faults were due and not done, because a block had no standby that could take over or two silos were cut apart.</summary>
internal sealed class Withholding
{
    private readonly Lock _lock = new();
    private TimeSpan _ended;
    private TimeSpan? _since;

    /// <summary>A fault is due that must wait. Saying it again changes nothing.</summary>
    public void Begin(TimeSpan now)
    {
        lock (_lock) _since ??= now;
    }

    /// <summary>It waits no longer.</summary>
    public void End(TimeSpan now)
    {
        lock (_lock)
        {
            if (_since is { } since) _ended += now - since;
            _since = null;
        }
    }

    /// <summary>The part of the time from 0 to <paramref name="now"/> in which a fault waited.</summary>
    public double Share(TimeSpan now)
    {
        lock (_lock) return now <= TimeSpan.Zero ? 0 : (_ended + (now - (_since ?? now))) / now;
    }
}
