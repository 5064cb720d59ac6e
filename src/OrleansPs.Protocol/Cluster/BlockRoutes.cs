using System.Runtime.ExceptionServices;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// Where a model's blocks are, as far as this client knows. It asks the coordinator when it knows of nothing, or of something
/// that a block contradicted, and while a call is open for too long. When the map changes it gives up the calls that went by the
/// old one.
/// </summary>
/// <remarks>
/// Thread safe; one for all sessions of a process. A silence alone ends no call: a slow silo gets no second call of the same.
/// </remarks>
internal sealed class BlockRoutes : IMapListener
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_hold = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly IGrainFactory _grains;
    private readonly string _model;
    private readonly TimeProvider _time;
    private readonly MapPolls _polls;
    private readonly Dictionary<int, long> _doubted = [];
    private readonly MapKnowledge _knowledge = new();
    private TaskCompletionSource<Exception?> _news = NewNews();
    private Known? _known;

    public BlockRoutes(IGrainFactory grains, string model, TimeProvider time)
    {
        (_grains, _model, _time) = (grains, model, time);
        OpenCalls = new(time);
        _polls = new(grains.GetGrain<ICoordinatorGrain>(model).Map, this, OpenCalls, time);
    }

    /// <summary>The calls to blocks and coordinator that are not answered yet.</summary>
    public OpenCalls OpenCalls { get; }

    /// <summary>The newest map known, or null.</summary>
    public BlockMap? Map => Volatile.Read(ref _known)?.Map;

    /// <summary>The way to a block, by a map of at least this generation and not below the newest version heard of.</summary>
    /// <exception cref="ServerUnavailableException">The coordinator does not answer, or is behind itself.</exception>
    public ValueTask<BlockRoute> FindAsync(int block, long generation, CancellationToken cancellationToken)
    {
        lock (_lock)
            if (IsUsable(block, generation)) return new(RouteOf(block));
        return SlowlyAsync(block, generation, cancellationToken);

        async ValueTask<BlockRoute> SlowlyAsync(int block, long generation, CancellationToken cancellationToken)
        {
            await UntilAsync(() => IsUsable(block, generation), cancellationToken).ConfigureAwait(false);
            return RouteOf(block);
        }
    }

    /// <summary>Waits while a coordinator that could not be reached has not answered since, for a short time at most.</summary>
    public ValueTask FindCoordinatorAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            if (!IsHeld(OpenCall.Coordinator)) return default;
        return new(UntilAsync(() => !IsHeld(OpenCall.Coordinator), cancellationToken));
    }

    /// <summary>
    /// A route that was refused: whoever asks for it next waits for a map that names another one, for a short time at most.
    /// </summary>
    public void Doubt(in BlockRoute route)
    {
        lock (_lock)
            if (_known is { } known && IsSame(known.Map, route)) _doubted[route.Block] = _time.GetTimestamp();
    }

    /// <summary>The coordinator could not be reached.</summary>
    public void DoubtCoordinator()
    {
        lock (_lock) _doubted[OpenCall.Coordinator] = _time.GetTimestamp();
    }

    /// <summary>Something was heard of that the map may lack.</summary>
    public void Refresh() => _polls.AskAgain();

    /// <summary>
    /// Takes note of a map's version that was heard of: from now on no older map is used, and an answer that came by an older one
    /// counts only if its block has not moved since.
    /// </summary>
    public void NoteVersion(long generation, long mapVersion) => _knowledge.Note(generation, mapVersion);

    /// <summary>Whether an answer that came by a route counts.</summary>
    /// <exception cref="ServerUnavailableException">That can't be told now.</exception>
    public ValueTask<bool> IsCurrentAsync(BlockRoute route, CancellationToken cancellationToken)
    {
        return IsUpToDate(route.Map) ? new(true) : SlowlyAsync(route, cancellationToken);

        async ValueTask<bool> SlowlyAsync(BlockRoute route, CancellationToken cancellationToken)
        {
            await UntilAsync(() => _known is { } known && IsUpToDate(known.Map), cancellationToken).ConfigureAwait(false);
            return IsSame(_known!.Map, route);
        }
    }

    /// <summary>
    /// A connection to the cluster was lost, and with it whatever was under way on it, there or back. Nobody knows what that was, so
    /// all calls are given up, once.
    /// </summary>
    public void ConnectionLost()
    {
        OpenCalls.AbandonAll("A connection to the cluster was lost.");
        _polls.AskAgain();
    }

    void IMapListener.Heard(BlockMap map)
    {
        lock (_lock)
        {
            _doubted.Remove(OpenCall.Coordinator);
            // An answer that comes late is of an older map.
            if (IsNews(map)) Adopt(map);
            map = _known!.Map;
        }
        OpenCalls.Abandon(map, $"Model '{_model}' has moved on.");
        Tell(null);
    }

    void IMapListener.Failed(Exception error) => Tell(error);

    void IMapListener.Ticked() => Tell(null);

    // Waits for a state of what is known, which is looked at under the lock.
    private async Task UntilAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        Exception? last = null;
        _polls.BeginWait();
        try
        {
            while (true)
            {
                Task<Exception?> news;
                lock (_lock)
                {
                    if (isSo()) return;
                    news = _news.Task;
                }
                if (last is not (null or ParameterServerException { IsTransient: true })) ExceptionDispatchInfo.Throw(last);
                if (_time.GetElapsedTime(start) >= s_limit) throw Silent(last);
                last = await news.WaitAsync(cancellationToken).ConfigureAwait(false) ?? last;
            }
        }
        finally
        {
            _polls.EndWait();
        }
    }

    // A new coordinator may have left every block where it was.
    private bool IsNews(BlockMap map) =>
        map.IsNewerThan(Map) || (map.Term > Map!.Term && !Map.IsNewerThan(map));

    private void Adopt(BlockMap map)
    {
        foreach (var block in _doubted.Keys.ToArray())
            if (map.Generation != Map?.Generation || map.Places[block] != Map.Places[block]) _doubted.Remove(block);
        Volatile.Write(ref _known, new(map, [.. map.Places.Select(p => _grains.GetGrain<IBlockGrain>(p.Key))], [.. map.Places.Select(p => BlockKey.SiloOf(p.Key))]));
    }

    private void Tell(Exception? error)
    {
        TaskCompletionSource<Exception?> news;
        lock (_lock) (news, _news) = (_news, NewNews());
        news.SetResult(error);
    }

    private bool IsUsable(int block, long generation) =>
        _known is { } known && IsUpToDate(known.Map) && known.Map.Generation >= generation && !IsHeld(block);

    private bool IsUpToDate(BlockMap map) => !_knowledge.IsOutdated(map.Generation, map.Version);

    private bool IsHeld(int block)
    {
        if (_doubted.Count == 0 || !_doubted.TryGetValue(block, out var since)) return false;
        if (_time.GetElapsedTime(since) < s_hold) return true;
        _doubted.Remove(block);
        return false;
    }

    private BlockRoute RouteOf(int block)
    {
        var known = Volatile.Read(ref _known)!;
        return new(known.Map, block, known.Grains[block], known.Silos[block], known.Map.Places[block].Epoch);
    }

    private static bool IsSame(BlockMap map, in BlockRoute route) =>
        map.Generation == route.Map.Generation && map.Places[route.Block] == route.Map.Places[route.Block];

    private static TaskCompletionSource<Exception?> NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerUnavailableException Silent(Exception? last) => new(
        $"The coordinator of model '{_model}' did not say within {s_limit.TotalSeconds} s where its blocks are now.", last);

    private sealed record Known(BlockMap Map, IBlockGrain[] Grains, string[] Silos);
}

/// <summary>The way to a block.</summary>
internal readonly record struct BlockRoute(BlockMap Map, int Block, IBlockGrain Grain, string Silo, long Epoch)
{
    /// <summary>The key of its grain.</summary>
    public string Key => Map.Places[Block].Key;
}
