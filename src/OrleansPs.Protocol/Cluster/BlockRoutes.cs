namespace OrleansPs.Protocol;

/// <summary>
/// Where a model's blocks are, as far as this client knows. It asks the coordinator when it knows of nothing, or of something
/// that a block or a silence has contradicted.
/// </summary>
/// <remarks>Thread safe. Many that ask at the same time make one call.</remarks>
internal sealed class BlockRoutes(IGrainFactory grains, string model)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly ICoordinatorGrain _coordinator = grains.GetGrain<ICoordinatorGrain>(model);
    private Known? _known;
    private BlockMap? _doubted;
    private Task<Known>? _asking;

    /// <summary>The way to a block, of the newest generation known if that is not below the one asked for.</summary>
    /// <exception cref="ServerUnavailableException">The coordinator does not answer, or is behind itself.</exception>
    public async ValueTask<BlockRoute> FindAsync(int block, long generation, CancellationToken cancellationToken)
    {
        var known = Usable(generation) ?? await AskAsync(cancellationToken).ConfigureAwait(false);
        if (known.Map.Generation < generation)
            throw new ServerUnavailableException($"The coordinator of model '{model}' has not heard of generation {generation} yet.");
        return new(known.Map, known.Grains[block], known.Map.Places[block].Epoch);
    }

    /// <summary>A map that did not hold: the next one who asks gets a newer one.</summary>
    public void Doubt(BlockMap map)
    {
        lock (_lock) _doubted = map;
    }

    private Known? Usable(long generation)
    {
        lock (_lock)
            return _known is { } known && !ReferenceEquals(known.Map, _doubted) && known.Map.Generation >= generation ? known : null;
    }

    private async ValueTask<Known> AskAsync(CancellationToken cancellationToken)
    {
        Task<Known> asking;
        lock (_lock)
        {
            if (_asking is null || _asking.IsCompleted) _asking = AskAsync();
            asking = _asking;
        }
        return await Calls.WaitAsync(asking, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Known> AskAsync()
    {
        // A silo that died does not say so, and everybody would wait for this one answer.
        using var limit = new CancellationTokenSource(s_limit);
        BlockMap map;
        try
        {
            map = (await Calls.WaitAsync(_coordinator.Map(), limit.Token).ConfigureAwait(false)).Get();
        }
        catch (OperationCanceledException)
        {
            throw new ServerUnavailableException($"The coordinator of model '{model}' did not say where its blocks are within {s_limit.TotalSeconds} s.");
        }
        var known = new Known(map, [.. map.Places.Select(p => grains.GetGrain<IBlockGrain>(p.Key))]);
        lock (_lock)
        {
            _doubted = null;
            // An answer that comes late is of an older map.
            if (map.IsNewerThan(_known?.Map)) _known = known;
            return _known!;
        }
    }

    private sealed record Known(BlockMap Map, IBlockGrain[] Grains);
}

/// <summary>The way to a block.</summary>
internal readonly record struct BlockRoute(BlockMap Map, IBlockGrain Grain, long Epoch);
