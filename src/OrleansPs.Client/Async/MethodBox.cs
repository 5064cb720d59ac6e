using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace OrleansPs.Client;

/// <summary>What an async method that has to wait will have returned.</summary>
/// <typeparam name="TResult">What it returns.</typeparam>
internal class MethodBox<TResult> : IValueTaskSource<TResult>, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<TResult> _core;

    public short Version => _core.Version;

    public void SetResult(TResult result) => _core.SetResult(result);

    public void SetException(Exception exception) => _core.SetException(exception);

    public TResult GetResult(short token)
    {
        // One that is asked twice, or too late, throws and is left alone.
        var isMine = _core.GetStatus(token) != ValueTaskSourceStatus.Pending;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (isMine)
            {
                _core.Reset();
                Keep();
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected virtual void Keep()
    {
    }
}

/// <summary>An async method that waits, to be used again by the next call of the same method.</summary>
/// <typeparam name="TResult">What it returns.</typeparam>
/// <typeparam name="TStateMachine">The method.</typeparam>
internal sealed class MethodBox<TResult, TStateMachine> : MethodBox<TResult> where TStateMachine : IAsyncStateMachine
{
    private const int MostKept = 128;
    private static readonly Lock s_lock = new();
    private static readonly Stack<MethodBox<TResult, TStateMachine>> s_kept = new();
    private static readonly ContextCallback s_run = static box => ((MethodBox<TResult, TStateMachine>)box!).StateMachine!.MoveNext();

    private readonly Action _moveNext;
    private ExecutionContext? _context;

    private MethodBox() => _moveNext = MoveNext;

    /// <summary>Where the method is, and its variables.</summary>
    public TStateMachine? StateMachine;

    public static MethodBox<TResult, TStateMachine> Rent()
    {
        lock (s_lock)
            if (s_kept.TryPop(out var box)) return box;
        return new();
    }

    /// <summary>What goes on with the method when what it waits for is there.</summary>
    public Action Wait()
    {
        _context = ExecutionContext.Capture();
        return _moveNext;
    }

    // When the method has returned, this may be another call's already.
    private void MoveNext()
    {
        if (_context is { } context) ExecutionContext.Run(context, s_run, this);
        else StateMachine!.MoveNext();
    }

    protected override void Keep()
    {
        (StateMachine, _context) = (default, null);
        lock (s_lock)
            if (s_kept.Count < MostKept) s_kept.Push(this);
    }
}
