namespace OrleansPs.Grains;

/// <summary>
/// Says which silos take replicas of one model, and in which order. Models begin their count at silos of their own, so that many
/// small ones do not all land on the first.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class BlockPlacer(string model, SiloView silos)
{
    private readonly Lock _lock = new();
    private readonly HashSet<SiloAddress> _avoided = [];
    private readonly HashSet<SiloAddress> _left = [];

    /// <summary>Takes no more replicas to a silo.</summary>
    public void Avoid(SiloAddress silo)
    {
        lock (_lock) _avoided.Add(silo);
    }

    /// <summary>A silo that was avoided has no replicas any more, and may be gone at any moment.</summary>
    public void Leave(SiloAddress silo)
    {
        lock (_lock) _left.Add(silo);
    }

    public bool Avoids(SiloAddress silo)
    {
        lock (_lock) return _avoided.Contains(silo);
    }

    /// <summary>The silos that take replicas; if all are to go, those that still hold some, so that nothing moves; else all there are.</summary>
    public IReadOnlyList<string> Usable()
    {
        var active = silos.Active;
        SiloAddress[] usable = [.. active.Where(s => !Avoids(s))];
        if (usable.Length == 0) usable = [.. active.Where(s => !HasLeft(s))];
        if (usable.Length == 0) usable = [.. active];
        if (usable.Length == 0) return [];
        var first = (int)(StableHash(model) % (uint)usable.Length);
        return [.. usable[first..].Concat(usable[..first]).Select(s => s.ToParsableString())];
    }

    /// <summary>The silos whose replicas are not lost.</summary>
    public IReadOnlyList<string> Alive() => [.. silos.Alive.Select(s => s.ToParsableString())];

    private bool HasLeft(SiloAddress silo)
    {
        lock (_lock) return _left.Contains(silo);
    }

    // FNV-1a: the same on every silo and in every process.
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text) hash = (hash ^ c) * 16777619u;
        return hash;
    }
}
