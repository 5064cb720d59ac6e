namespace OrleansPs.Protocol;

/// <summary>A call to the cluster that has no answer yet.</summary>
/// <param name="block">The block it is for; -1 for the coordinator.</param>
/// <param name="route">The way it went; of a call to a coordinator the map that was known then, if any.</param>
internal sealed class OpenCall(int block, BlockRoute route)
{
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Since { get; } = Environment.TickCount64;

    /// <summary>Completes when no answer is to be expected.</summary>
    public Task Abandoned => _abandoned.Task;

    public void Abandon() => _abandoned.TrySetResult();

    /// <summary>Whether a newer map says that this call went to somebody who is no longer concerned.</summary>
    public bool IsObsolete(BlockMap map)
    {
        if (route.Map is not { } known || !map.IsNewerThan(known) && map.Term <= known.Term) return false;
        if (map.Generation != known.Generation) return map.Generation > known.Generation;
        return block < 0 ? map.Term > known.Term : map.Places[block] != known.Places[block];
    }
}

/// <summary>
/// The calls of one model that have no answer yet. A silo that died does not say so to a client: a call to it would hang until it times
/// out. So while one has been out for a while the map is asked for, again and again, and what it contradicts is given up, to be sent
/// anew; so is everything when a gateway is lost. A call to a silo that is merely slow is left alone.
/// </summary>
/// <remarks>Thread safe. All calls can be repeated.</remarks>
internal sealed class OpenCalls : IDisposable
{
    private const int Idle = 40;
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_long = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly HashSet<OpenCall> _open = [];
    private readonly Action _ask;
    private Timer? _timer;
    private int _idle;

    /// <summary>Watches over calls.</summary>
    /// <param name="ask">Asks for the map; what comes is told to <see cref="MapChanged"/>.</param>
    public OpenCalls(Action ask) => _ask = ask;

    public OpenCall Begin(int block, in BlockRoute route)
    {
        var call = new OpenCall(block, route);
        lock (_lock)
        {
            _open.Add(call);
            _idle = 0;
            _timer ??= new(_ => Look(), null, s_period, s_period);
        }
        return call;
    }

    public void End(OpenCall call)
    {
        lock (_lock) _open.Remove(call);
    }

    /// <summary>A map has come.</summary>
    public void MapChanged(BlockMap map)
    {
        foreach (var call in Open())
            if (call.IsObsolete(map)) call.Abandon();
    }

    /// <summary>The way to the cluster broke: answers that were under way on it do not come.</summary>
    public void AbandonAll()
    {
        foreach (var call in Open()) call.Abandon();
    }

    public void Dispose()
    {
        lock (_lock) _timer?.Dispose();
    }

    private OpenCall[] Open()
    {
        lock (_lock) return [.. _open];
    }

    private void Look()
    {
        bool isAnyLong;
        lock (_lock)
        {
            _idle = _open.Count == 0 ? _idle + 1 : 0;
            if (_idle > Idle)
            {
                _timer?.Dispose();
                _timer = null;
            }
            var now = Environment.TickCount64;
            isAnyLong = _open.Any(c => now - c.Since > s_long.TotalMilliseconds);
        }
        if (isAnyLong) _ask();
    }
}
