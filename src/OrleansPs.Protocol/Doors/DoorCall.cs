using System.Threading.Tasks.Sources;

namespace OrleansPs.Protocol;

/// <summary>One request that goes through a door, to be awaited by who made it. It is used again.</summary>
internal sealed class DoorCall : IValueTaskSource<PullReply>
{
    private const int MostKept = 256;
    private static readonly Lock s_lock = new();
    private static readonly Stack<DoorCall> s_kept = new();

    private ManualResetValueTaskSourceCore<PullReply> _core;

    private DoorCall()
    {
    }

    public ValueTask<PullReply> Answer => new(this, _core.Version);

    public static DoorCall Rent()
    {
        DoorCall? call;
        lock (s_lock) _ = s_kept.TryPop(out call);
        return call ?? new();
    }

    public void End(in BlockAnswer answer)
    {
        if (answer.Failure is { } failure) _core.SetException(failure);
        else _core.SetResult(new(answer.Reply, answer.Values));
    }

    public void Fail(Exception failure) => _core.SetException(failure);

    PullReply IValueTaskSource<PullReply>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            lock (s_lock)
                if (s_kept.Count < MostKept) s_kept.Push(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<PullReply>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<PullReply>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
