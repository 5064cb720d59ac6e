using System.Runtime.CompilerServices;

namespace OrleansPs.Client;

/// <summary>Pushes and pulls of rows.</summary>
public sealed partial class WorkerSession
{
    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var call = _rows.Rent();
        try
        {
            call.Ask(rows);
            var plan = call.PullPlan();
            await PullAsync(plan, _state.BeginPull(), cancellationToken).ConfigureAwait(false);
            call.Deliver(rows);
            _metrics.Pulled(plan.BytesPulled, start);
        }
        finally
        {
            _rows.Return(call);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var call = _rows.Rent();
        try
        {
            if (!call.TryAddUp(gradients))
            {
                _metrics.Skipped();
                return;
            }
            var plan = call.PushPlan();
            await PushAsync(plan, cancellationToken).ConfigureAwait(false);
            _metrics.Pushed(plan.BytesPushed, start);
        }
        finally
        {
            _rows.Return(call);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Under BSP the values are the open round's version, without this push: rounds are atomic. Where the policy skips the push, this pulls. Keys that are
    /// the same in both sets, in the same order, are sorted and sent once.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        ArgumentNullException.ThrowIfNull(rows);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var (push, pull) = (_rows.Rent(), _rows.Rent());
        try
        {
            var isAdmitted = push.TryAddUp(gradients);
            pull.Ask(rows, isAdmitted && HaveSameKeys(gradients, rows) ? push : null);
            var plan = isAdmitted ? push.PushPlan(pull) : pull.PullPlan();
            if (isAdmitted) await PushAsync(plan, cancellationToken).ConfigureAwait(false);
            else await PullAsync(plan, _state.BeginPull(), cancellationToken).ConfigureAwait(false);
            pull.Deliver(rows);
            if (isAdmitted) _metrics.Pushed(plan.BytesPushed, start);
            else _metrics.Skipped();
            _metrics.Pulled(plan.BytesPulled, start);
        }
        finally
        {
            _rows.Return(push);
            _rows.Return(pull);
        }
    }

    private static bool HaveSameKeys(RowSet gradients, RowSet rows)
    {
        if (gradients.Count != rows.Count) return false;
        for (var i = 0; i < rows.Count; i++)
            if (gradients[i].Table != rows[i].Table || !gradients[i].Keys.Span.SequenceEqual(rows[i].Keys.Span)) return false;
        return true;
    }
}
