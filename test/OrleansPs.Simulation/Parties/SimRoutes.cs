using OrleansPs.Client;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>A block map as a coordinator told it.</summary>
internal sealed record KnownMap(long Generation, long Version, IReadOnlyList<BlockSites> Sites);

/// <summary>Where blocks are, as one session knows: it asks again when a block or a silence contradicts, or when it heard of a newer map.</summary>
internal sealed class SimRoutes
{
    private KnownMap? _known;
    private KnownMap? _doubted;

    public MapKnowledge Knowledge { get; } = new();

    public void Doubt(KnownMap map) => _doubted = map;

    /// <summary>A map of a generation, or a newer one, and not older than any that was heard of.</summary>
    public async ValueTask<KnownMap> FindAsync(
        long generation, Func<CancellationToken, ValueTask<KnownMap>> ask, CancellationToken cancellationToken)
    {
        if (_known is { } known && known != _doubted && IsUsable(known, generation)) return known;
        var told = await ask(cancellationToken).ConfigureAwait(false);
        _doubted = null;
        if (_known is null || (told.Generation, told.Version).CompareTo((_known.Generation, _known.Version)) > 0) _known = told;
        return IsUsable(_known, generation) ? _known : throw new ServerUnavailableException("The coordinator is behind itself.");
    }

    private bool IsUsable(KnownMap map, long generation) =>
        map.Generation >= generation && !Knowledge.IsOutdated(map.Generation, map.Version);
}
