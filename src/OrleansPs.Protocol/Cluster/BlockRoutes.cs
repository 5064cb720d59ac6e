using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// Where a model's blocks are, as far as this client knows. It asks the coordinator when it knows of nothing, or of something
/// that a block or a silence has contradicted, or when it has heard that there is a newer map.
/// </summary>
/// <remarks>Thread safe. Many that ask at the same time make one call.</remarks>
internal sealed class BlockRoutes : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(15);

    private readonly Lock _lock = new();
    private readonly IGrainFactory _grains;
    private readonly string _model;
    private readonly MapRequests _requests;
    private readonly MapKnowledge _knowledge = new();
    private Known? _known;
    private (BlockMap Map, bool IsContradicted)? _doubted;
    private Task<Known>? _asking;

    public BlockRoutes(IGrainFactory grains, string model)
    {
        (_grains, _model, _requests) = (grains, model, new(grains, model));
        Calls = new(() => _requests.Look(map => Take(map)));
    }

    /// <summary>The model's calls that have no answer yet.</summary>
    public OpenCalls Calls { get; }

    /// <summary>The map that calls to the coordinator go by: it says which term is known.</summary>
    public BlockRoute Coordinator
    {
        get { lock (_lock) return new(_known?.Map!, null!, 0); }
    }

    /// <summary>The way to a block, of the newest generation known if that is not below the one asked for.</summary>
    /// <exception cref="ServerUnavailableException">The coordinator does not answer, or is behind itself.</exception>
    public async ValueTask<BlockRoute> FindAsync(int block, long generation, CancellationToken cancellationToken)
    {
        var known = Usable(generation) ?? await AskAsync(cancellationToken).ConfigureAwait(false);
        if (known.Map.Generation < generation)
            throw new ServerUnavailableException($"The coordinator of model '{_model}' has not heard of generation {generation} yet.");
        return new(known.Map, known.Grains[block], known.Map.Places[block].Epoch);
    }

    /// <summary>A map that did not hold: the next one who asks gets a newer one.</summary>
    /// <param name="map">The map.</param>
    /// <param name="isContradicted">Whether a block said so, rather than nobody anything: then there is, or will be at once, a newer one.</param>
    public void Doubt(BlockMap map, bool isContradicted)
    {
        lock (_lock) _doubted = (map, isContradicted);
    }

    /// <summary>A coordinator's answer said which map it had.</summary>
    public void Note(long generation, long version) => _knowledge.Note(generation, version);

    /// <summary>
    /// Whether an answer that came over a route may be relied on: if a newer map was heard of meanwhile, only if the block is
    /// still where it was.
    /// </summary>
    public async ValueTask<bool> IsCurrentAsync(int block, BlockRoute route, CancellationToken cancellationToken)
    {
        if (!_knowledge.IsOutdated(route.Map.Generation, route.Map.Version)) return true;
        var newest = await FindAsync(block, route.Map.Generation, cancellationToken).ConfigureAwait(false);
        return newest.Map.Generation == route.Map.Generation && newest.Map.Places[block] == route.Map.Places[block]
            && !_knowledge.IsOutdated(newest.Map.Generation, newest.Map.Version);
    }

    public void Dispose() => Calls.Dispose();

    private Known? Usable(long generation)
    {
        lock (_lock)
            return _known is { } known && !ReferenceEquals(known.Map, _doubted?.Map) && known.Map.Generation >= generation
                && !_knowledge.IsOutdated(known.Map.Generation, known.Map.Version) ? known : null;
    }

    private async ValueTask<Known> AskAsync(CancellationToken cancellationToken)
    {
        Task<Known> asking;
        lock (_lock)
        {
            if (_asking is null || _asking.IsCompleted) _asking = AskAsync();
            asking = _asking;
        }
        return await Protocol.Calls.WaitAsync(asking, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Known> AskAsync()
    {
        for (var start = Environment.TickCount64; ;)
        {
            var known = Take(await _requests.AskAsync().ConfigureAwait(false));
            lock (_lock)
            {
                var isOld = _knowledge.IsOutdated(known.Map.Generation, known.Map.Version)
                    || (_doubted is { IsContradicted: true } doubted && !known.Map.IsNewerThan(doubted.Map));
                if (!isOld || Environment.TickCount64 - start > s_patience.TotalMilliseconds)
                {
                    _doubted = null;
                    return known;
                }
            }
            await Task.Delay(s_pause).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a map that has come, unless a newer one is known: an answer that comes late is of an older map.</summary>
    private Known Take(BlockMap map)
    {
        Known known;
        lock (_lock)
        {
            if (map.IsNewerThan(_known?.Map) || (_known!.Map.Term < map.Term && !_known.Map.IsNewerThan(map)))
                _known = new(map, [.. map.Places.Select(p => _grains.GetGrain<IBlockGrain>(p.Key))]);
            known = _known;
        }
        Calls.MapChanged(known.Map);
        return known;
    }

    private sealed record Known(BlockMap Map, IBlockGrain[] Grains);
}

/// <summary>The way to a block.</summary>
internal readonly record struct BlockRoute(BlockMap Map, IBlockGrain Grain, long Epoch);
