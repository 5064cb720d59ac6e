using System.Runtime.CompilerServices;

namespace OrleansPs.Client;

/// <summary>Pushes and pulls of rows.</summary>
public sealed partial class WorkerSession
{
    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var call = _rows.Rent();
        try
        {
            var plan = call.PullPlan(rows);
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
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
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
}
