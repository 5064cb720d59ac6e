namespace OrleansPs.Protocol;

/// <summary>The calls of a model that are not answered yet.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OpenCalls(TimeProvider time)
{
    private readonly Lock _lock = new();
    private OpenCall[] _calls = new OpenCall[16];
    private int _count;

    /// <summary>Is told when there is a call where none was.</summary>
    public Action? Began { get; set; }

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    public void Add(OpenCall call)
    {
        bool first;
        lock (_lock)
        {
            if (_count == _calls.Length) Array.Resize(ref _calls, _count * 2);
            call.Since = time.GetTimestamp();
            (call.Slot, _calls[_count]) = (_count, call);
            first = _count++ == 0;
        }
        if (first) Began?.Invoke();
    }

    public void Remove(OpenCall call)
    {
        lock (_lock)
        {
            if (call.Slot < 0) return;
            var last = _calls[--_count];
            (_calls[call.Slot], last.Slot) = (last, call.Slot);
            _calls[_count] = null!;
            call.Slot = -1;
        }
    }

    /// <summary>Whether one waits for longer than this.</summary>
    public bool IsAnyOlderThan(TimeSpan age)
    {
        lock (_lock)
            for (var i = 0; i < _count; i++)
                if (time.GetElapsedTime(_calls[i].Since) >= age) return true;
        return false;
    }

    /// <summary>Gives up the calls that a newer map contradicts.</summary>
    public void Abandon(BlockMap newer, string reason) => Abandon(c => c.IsContradictedBy(newer), reason);

    /// <summary>Gives up all.</summary>
    public void AbandonAll(string reason) => Abandon(static _ => true, reason);

    private void Abandon(Func<OpenCall, bool> which, string reason)
    {
        List<(OpenCall Call, int Use)>? given = null;
        lock (_lock)
            for (var i = 0; i < _count; i++)
                if (which(_calls[i])) (given ??= []).Add((_calls[i], _calls[i].Use));
        // Outside the lock, for it runs the code of others.
        foreach (var (call, use) in given ?? []) call.Abandon(use, new(reason));
    }
}
