namespace OrleansPs.Torture;

/// <summary>
/// Whom a fault may meet while two silos are cut apart, so that no more than one is lost at a time. Two that can't hear each other both stay
/// as long as a third hears them; without it one gives up the other. So the third is left alone, and no second cut is made.
/// </summary>
internal sealed class SilosApart
{
    private int[] _silos = [];
    private TimeSpan _until;

    /// <summary>Two silos are cut apart, both ways or one.</summary>
    public void Begin(int silo, int other, TimeSpan now, TimeSpan length) =>
        // A connection tries again after pauses that double, so nothing may pass for as long again after the cut.
        (_silos, _until) = ([silo, other], now + (2 * length));

    /// <summary>Those of the silos that are ready which a fault may meet now.</summary>
    public int[] Choose(int[] ready, Fault fault, TimeSpan now)
    {
        if (!fault.TakesSiloAway || now >= _until) return ready;
        return fault.CutsSilos ? [] : [.. ready.Intersect(_silos)];
    }
}
