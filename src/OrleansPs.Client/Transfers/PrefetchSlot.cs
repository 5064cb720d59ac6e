using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>The memory and the state of one set's prefetch.</summary>
/// <remarks>Used under the lock of <see cref="Prefetcher"/>; its memory belongs to whoever fills or takes it.</remarks>
internal sealed class PrefetchSlot
{
    private readonly TransferPlan _source;
    private State _state = State.Empty;

    public PrefetchSlot(TransferPlan source)
    {
        _source = source;
        Plan = Shadow(source);
    }

    private enum State
    {
        Empty,
        Starting,
        Started,
        Taken,
    }

    /// <summary>The same pull into the slot's own memory.</summary>
    public TransferPlan Plan { get; }

    /// <summary>Where the session was when the prefetch started.</summary>
    public SessionView View { get; private set; }

    /// <summary>Whether the copy is whole, once that is known.</summary>
    public Task<bool> Filling { get; private set; } = Task.FromResult(false);

    public long LastUse { get; private set; }

    /// <summary>Whether nobody uses the memory; a copy that was not taken gives way to a newer one.</summary>
    public bool IsFree => _state == State.Empty || (_state == State.Started && Filling.IsCompleted);

    public bool Fits(TransferPlan plan) => ReferenceEquals(_source, plan);

    public bool CanBeTaken(TransferPlan plan) => _state == State.Started && Fits(plan);

    public void Begin(SessionView view, long use) => (View, LastUse, _state) = (view, use, State.Starting);

    public void Started(Task<bool> filling) => (Filling, _state) = (filling, State.Started);

    public void Take() => _state = State.Taken;

    // A taker that was cancelled leaves the filling behind: the copy is still good for another one.
    public void End() => _state = Filling.IsCompleted ? State.Empty : State.Started;

    public void CopyTo(TransferPlan plan)
    {
        for (var t = 0; t < plan.Transfers.Length; t++)
        {
            var (from, to) = (Plan.Transfers[t].Values, plan.Transfers[t].Values);
            for (var s = 0; s < to.Length; s++) from[s].Values.Span.CopyTo(to[s].Values.Span);
        }
    }

    private static TransferPlan Shadow(TransferPlan source)
    {
        var transfers = new BlockTransfer[source.Transfers.Length];
        for (var t = 0; t < transfers.Length; t++)
        {
            var values = new SegmentSlice[source.Transfers[t].Values.Length];
            for (var s = 0; s < values.Length; s++)
            {
                var (segment, original) = source.Transfers[t].Values[s];
                values[s] = new(segment, GC.AllocateUninitializedArray<float>(original.Length));
            }
            transfers[t] = new(source.Transfers[t].Block, [], values);
        }
        return new(transfers, [], source.Values);
    }
}
