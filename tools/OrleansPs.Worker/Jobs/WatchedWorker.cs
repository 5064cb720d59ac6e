namespace OrleansPs.Worker;

/// <summary>A worker that tells when it had to be taken up again, and where it goes on.</summary>
/// <param name="worker">The worker.</param>
/// <param name="onResumed">Told where it was and where it goes on.</param>
internal sealed class WatchedWorker(IParameterWorker worker, Action<int, WorkerPosition, WorkerPosition> onResumed) : IParameterWorker
{
    public string Model => worker.Model;

    public ModelSpec Spec => worker.Spec;

    public int Rank => worker.Rank;

    public WorkerPosition Position => worker.Position;

    public TrainingPolicy Policy => worker.Policy;

    public ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default) => worker.PullAsync(values, cancellationToken);

    public ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default) => worker.PushAsync(gradients, cancellationToken);

    public ValueTask PushPullAsync(TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default) =>
        worker.PushPullAsync(gradients, values, cancellationToken);

    public ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default) => worker.PullRowsAsync(rows, cancellationToken);

    public ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default) =>
        worker.PushRowsAsync(gradients, cancellationToken);

    public ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default) =>
        worker.PushPullRowsAsync(gradients, rows, cancellationToken);

    public void Prefetch(TensorSet values) => worker.Prefetch(values);

    public ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default) => worker.ClockAsync(cursor, cancellationToken);

    public Task OutOfDataAsync(CancellationToken cancellationToken = default) => worker.OutOfDataAsync(cancellationToken);

    public async Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default)
    {
        var before = worker.Position;
        var after = await worker.ResumeAsync(cancellationToken).ConfigureAwait(false);
        onResumed(worker.Rank, before, after);
        return after;
    }

    public Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default) => worker.SaveResidualsAsync(destination, cancellationToken);

    public Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default) => worker.LoadResidualsAsync(source, cancellationToken);

    public Task LeaveAsync(CancellationToken cancellationToken = default) => worker.LeaveAsync(cancellationToken);

    public ValueTask DisposeAsync() => worker.DisposeAsync();
}
