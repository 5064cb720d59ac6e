using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace OrleansPs.Protocol;

/// <summary>
/// Waits for the answer of a grain, the caller's token or the word that the answer will not come, whichever is first. Calls that
/// are answered allocate nothing here: the object is used again.
/// </summary>
internal sealed class OpenCall<T> : OpenCall, IValueTaskSource<T>
{
    private const int MostKept = 256;
    private static readonly Lock s_lock = new();
    private static readonly Stack<OpenCall<T>> s_kept = new();

    private readonly Action _onAnswer;
    private ManualResetValueTaskSourceCore<T> _core;
    private ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _answer;
    private CancellationTokenRegistration _cancellation;
    private CancellationToken _token;
    private OpenCalls _calls = null!;
    private Action<T>? _whenLate;
    private bool _isAnswered;

    private OpenCall() => _onAnswer = OnAnswer;

    /// <summary>Waits for a call.</summary>
    /// <param name="calls">Where the call is listed while it is open.</param>
    /// <param name="call">The call; nobody else may wait for it.</param>
    /// <param name="block">The block that is called, or <see cref="OpenCall.Coordinator"/>.</param>
    /// <param name="map">The map by which it was sent.</param>
    /// <param name="whenLate">Gets an answer that comes when nobody waits any more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServerUnavailableException">The call was given up, or failed on its way.</exception>
    public static ValueTask<T> WaitAsync(
        OpenCalls calls, ValueTask<T> call, int block, BlockMap? map, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        if (call.IsCompletedSuccessfully) return new(call.Result);
        OpenCall<T>? open;
        lock (s_lock) _ = s_kept.TryPop(out open);
        return (open ?? new()).Start(calls, call, block, map, whenLate, cancellationToken);
    }

    public override void Abandon(int use, ServerUnavailableException reason)
    {
        if (!TryDecide(use)) return;
        _calls.Remove(this);
        // Whoever gives calls up has others to look after.
        _core.RunContinuationsAsynchronously = true;
        _core.SetException(reason);
    }

    T IValueTaskSource<T>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            // It waits for a cancellation that is just coming too late.
            _cancellation.Dispose();
            if (_isAnswered) Keep();
        }
    }

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private ValueTask<T> Start(
        OpenCalls calls, ValueTask<T> call, int block, BlockMap? map, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        (_calls, _whenLate, _token, _isAnswered) = (calls, whenLate, cancellationToken, false);
        var version = _core.Version;
        _answer = call.ConfigureAwait(false).GetAwaiter();
        Open(block, map);
        calls.Add(this);
        _cancellation = cancellationToken.UnsafeRegister(static open => ((OpenCall<T>)open!).Cancel(), this);
        // Last: from here on it may end at any time.
        _answer.UnsafeOnCompleted(_onAnswer);
        return new(this, version);
    }

    private void OnAnswer()
    {
        var answer = _answer;
        if (!TryDecide(Use))
        {
            HearLate(answer);
            return;
        }
        _calls.Remove(this);
        _isAnswered = true;
        try
        {
            _core.SetResult(answer.GetResult());
        }
#pragma warning disable CA1031 // It is thrown where the answer is awaited.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _core.SetException(Calls.IsPassing(e) ? Calls.Unavailable(e) : e);
        }
    }

    private void HearLate(ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter answer)
    {
        try
        {
            var late = answer.GetResult();
            _whenLate?.Invoke(late);
        }
#pragma warning disable CA1031 // Nobody waits for it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private void Cancel()
    {
        if (!TryDecide(Use)) return;
        _calls.Remove(this);
        _core.SetException(new OperationCanceledException(_token));
    }

    // One that was given up is not kept: its answer may still come.
    private void Keep()
    {
        _core.Reset();
        (_answer, _cancellation, _token, _calls, _whenLate) = (default, default, default, null!, null);
        lock (s_lock)
            if (s_kept.Count < MostKept) s_kept.Push(this);
    }
}
