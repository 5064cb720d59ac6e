using OrleansPs.Core.Partitioning;

namespace OrleansPs.Grains;

/// <summary>
/// Decides on which silo each block of one model should be: spread evenly, with few moves. Models begin their count at silos of
/// their own, so that many small ones do not all land on the first.
/// </summary>
internal sealed class BlockPlacer(string model, SiloView silos)
{
    private readonly Lock _lock = new();
    private readonly HashSet<SiloAddress> _avoided = [];

    /// <summary>Takes no more blocks to a silo.</summary>
    public void Avoid(SiloAddress silo)
    {
        lock (_lock) _avoided.Add(silo);
    }

    public bool Avoids(SiloAddress silo)
    {
        lock (_lock) return _avoided.Contains(silo);
    }

    /// <summary>Where each block should be.</summary>
    /// <param name="current">Where each is now; null for nowhere.</param>
    /// <exception cref="ServerUnavailableException">No silo takes blocks.</exception>
    public SiloAddress[] Plan(IReadOnlyList<SiloAddress?> current)
    {
        SiloAddress[] usable = [.. silos.Active.Where(s => !Avoids(s))];
        if (usable.Length == 0) usable = [.. silos.Active];
        if (usable.Length == 0) throw new ServerUnavailableException("There is no active silo to hold blocks.");
        var first = (int)(StableHash(model) % (uint)usable.Length);
        SiloAddress[] order = [.. usable[first..], .. usable[..first]];
        var plan = BlockPlacement.Plan([.. current.Select(s => s is null ? BlockPlacement.Nowhere : Array.IndexOf(order, s))], order.Length);
        return [.. plan.Select(i => order[i])];
    }

    // FNV-1a: the same on every silo and in every process.
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text) hash = (hash ^ c) * 16777619u;
        return hash;
    }
}
