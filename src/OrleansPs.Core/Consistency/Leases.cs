namespace OrleansPs.Core.Consistency;

/// <summary>
/// How long each rank may stay silent. When time jumps by over half a lease between two looks, it was the coordinator that was
/// away, not the workers: all leases are renewed before any runs out.
/// </summary>
internal sealed class Leases(TimeSpan lease, TimeSpan now)
{
    private readonly SortedDictionary<int, TimeSpan> _ends = [];
    private TimeSpan _looked = now;

    public void Renew(int rank, TimeSpan at) => Grant(rank, at + lease);

    public void Grant(int rank, TimeSpan end) =>
        _ends[rank] = _ends.TryGetValue(rank, out var present) && present > end ? present : end;

    public void End(int rank) => _ends.Remove(rank);

    /// <summary>The ranks whose leases have run out; they hold none afterwards.</summary>
    public IReadOnlyList<int> Expire(TimeSpan at)
    {
        var away = at - _looked > lease / 2;
        _looked = at;
        if (away)
            foreach (var rank in _ends.Keys.ToArray()) Renew(rank, at);
        var expired = _ends.Where(e => e.Value <= at).Select(e => e.Key).ToArray();
        foreach (var rank in expired) _ends.Remove(rank);
        return expired;
    }
}
