using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Calls that may take longer than a message may wait: each runs once under its caller's nonce, and is answered with null until
/// it is done. The last few results are kept.
/// </summary>
/// <remarks>For one turn at a time.</remarks>
internal sealed class LongCalls(TimeProvider time)
{
    private const int Kept = 64;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(5);

    private readonly Dictionary<Guid, Task<Outcome<SnapshotInfo>>> _calls = [];
    private readonly Queue<Guid> _order = new();

    public async Task<Outcome<SnapshotInfo?>> RunAsync(Guid nonce, Func<Task<Outcome<SnapshotInfo>>> work)
    {
        if (!_calls.TryGetValue(nonce, out var call))
        {
            if (_order.Count == Kept) _calls.Remove(_order.Dequeue());
            _calls.Add(nonce, call = work());
            _order.Enqueue(nonce);
        }
        await Task.WhenAny(call, Task.Delay(s_wait, time));
        if (!call.IsCompleted) return new(null, null);
        var outcome = await call;
        // What could not be tried is tried again when the caller asks again.
        if (outcome.Fault is { Kind: FaultKind.Unavailable }) _calls.Remove(nonce);
        return new(outcome.Value, outcome.Fault);
    }
}
