namespace OrleansPs.Training.Tests;

/// <summary>A worker whose pulls and pushes are noted.</summary>
internal sealed class NotedWorker(IParameterWorker worker, PullLog log) : IParameterWorker
{
    public string Model => worker.Model;

    public ModelSpec Spec => worker.Spec;

    public int Rank => worker.Rank;

    public WorkerPosition Position => worker.Position;

    public TrainingPolicy Policy => worker.Policy;

    public ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default)
    {
        log.AddPull(worker);
        return worker.PullAsync(values, cancellationToken);
    }

    public async ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default)
    {
        await worker.PushAsync(gradients, cancellationToken);
        log.AddPush(worker);
    }

    public ValueTask PushPullAsync(TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Prefetch(TensorSet values) => throw new NotSupportedException();

    public ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default) => worker.ClockAsync(cursor, cancellationToken);

    public Task OutOfDataAsync(CancellationToken cancellationToken = default) => worker.OutOfDataAsync(cancellationToken);

    public Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default) => worker.ResumeAsync(cancellationToken);

    public Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default) => worker.SaveResidualsAsync(destination, cancellationToken);

    public Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default) => worker.LoadResidualsAsync(source, cancellationToken);

    public Task LeaveAsync(CancellationToken cancellationToken = default) => worker.LeaveAsync(cancellationToken);

    public ValueTask DisposeAsync() => worker.DisposeAsync();
}
