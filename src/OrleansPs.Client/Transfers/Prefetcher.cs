namespace OrleansPs.Client;

/// <summary>
/// Pulls that started before they were asked for, into memory of the session's own: one for each set, for at most
/// <see cref="Capacity"/> sets. A copy is used at most once.
/// </summary>
/// <remarks>
/// Thread safe. A copy is of the moment when the prefetch started: under SSP and ASP it may lack pushes of the worker
/// itself that were acknowledged since, as a cached one may.
/// </remarks>
internal sealed class Prefetcher(SessionContext context, OperationPool operations) : IDisposable
{
    public const int Capacity = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<TensorSet, PrefetchSlot> _slots = new(ReferenceEqualityComparer.Instance);
    private readonly CancellationTokenSource _lifetime = new();
    private long _uses;

    /// <summary>Starts one, unless one of this set is under way or the session is not at work.</summary>
    public void Start(TensorSet set, TransferPlan plan)
    {
        if (!context.State.TryView(out var view)) return;
        PrefetchSlot? slot;
        lock (_lock)
        {
            slot = SlotOf(set, plan);
            if (slot is null || !slot.IsFree) return;
            slot.Begin(view, ++_uses);
        }
        var filling = context.Environment.PrefetchOnPool ? Task.Run(() => FillAsync(slot)) : FillAsync(slot);
        lock (_lock) slot.Started(filling);
    }

    /// <summary>Answers a pull with the copy of its set, if there is one that the policy allows.</summary>
    public ValueTask<bool> TryTakeAsync(
        TensorSet set, TransferPlan plan, SessionView view, CancellationToken cancellationToken)
    {
        PrefetchSlot? slot;
        lock (_lock)
        {
            if (!_slots.TryGetValue(set, out slot) || !slot.CanBeTaken(plan) || !Serves(slot.View, view)) return new(false);
            slot.Take();
        }
        return TakeAsync(slot, plan, view, cancellationToken);
    }

    public void Dispose()
    {
        _lifetime.Cancel();
        _lifetime.Dispose();
    }

    private async ValueTask<bool> TakeAsync(
        PrefetchSlot slot, TransferPlan plan, SessionView view, CancellationToken cancellationToken)
    {
        try
        {
            await Pause.UntilAsync(slot.Filling, cancellationToken).ConfigureAwait(false);
            if (!await slot.Filling.ConfigureAwait(false)) return false;
            context.State.Fresh(view);
            slot.CopyTo(plan);
            context.Metrics.PrefetchHit();
            return true;
        }
        finally
        {
            lock (_lock) slot.End();
        }
    }

    private async Task<bool> FillAsync(PrefetchSlot slot)
    {
        var operation = operations.Rent();
        try
        {
            await operation.PullAsync(slot.Plan, slot.View, background: true, _lifetime.Token).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // A prefetch that fails is none: the pull reads anew, and learns why by itself.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
        finally
        {
            operations.Return(operation);
        }
    }

    private bool Serves(SessionView copy, SessionView now) => copy.Life == now.Life && context.State.Policy.Consistency is var consistency && consistency.Mode switch
    {
        ConsistencyMode.BulkSynchronous => copy.Clock == now.Clock,
        ConsistencyMode.StaleSynchronous => copy.MinClock >= now.Clock - consistency.Staleness,
        _ => true,
    };

    private PrefetchSlot? SlotOf(TensorSet set, TransferPlan plan)
    {
        if (_slots.TryGetValue(set, out var slot))
        {
            if (slot.Fits(plan)) return slot;
            if (!slot.IsFree) return null;
        }
        else if (_slots.Count == Capacity && !Evict())
        {
            return null;
        }
        return _slots[set] = new(plan);
    }

    private bool Evict()
    {
        var free = _slots.Where(s => s.Value.IsFree).OrderBy(s => s.Value.LastUse).Select(s => s.Key).FirstOrDefault();
        return free is not null && _slots.Remove(free);
    }
}
