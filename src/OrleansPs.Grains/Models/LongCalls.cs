using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Calls that may take longer than a message may wait: each runs once under its caller's nonce, and is answered with null until
/// it is done. The last few results are kept.
/// </summary>
/// <remarks>For one turn at a time.</remarks>
internal sealed class LongCalls<T>(TimeProvider time)
    where T : class
{
    private const int Kept = 64;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(5);

    private readonly Dictionary<Guid, Task<Outcome<T>>> _calls = [];
    private readonly List<Guid> _order = [];

    public async Task<Outcome<T?>> RunAsync(Guid nonce, Func<Task<Outcome<T>>> work)
    {
        if (!_calls.TryGetValue(nonce, out var call)) call = Begin(nonce, work);
        await Task.WhenAny(call, Task.Delay(s_wait, time));
        if (!call.IsCompleted) return new(null, null);
        var outcome = await call;
        // What could not be tried is tried again when the caller asks again; it may have been already.
        if (outcome.Fault is { Kind: FaultKind.Unavailable } && _calls.GetValueOrDefault(nonce) == call) Forget(nonce);
        return new(outcome.Value, outcome.Fault);
    }

    // One that still runs is kept however many there are: forgotten, it would run once more.
    private Task<Outcome<T>> Begin(Guid nonce, Func<Task<Outcome<T>>> work)
    {
        var call = work();
        if (_order.Count >= Kept && _order.FindIndex(n => _calls[n].IsCompleted) is var oldest and >= 0) Forget(_order[oldest]);
        _calls.Add(nonce, call);
        _order.Add(nonce);
        return call;
    }

    private void Forget(Guid nonce)
    {
        _calls.Remove(nonce);
        _order.Remove(nonce);
    }
}
