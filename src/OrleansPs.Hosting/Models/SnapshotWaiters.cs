namespace OrleansPs.Hosting;

/// <summary>Who waits for which cut.</summary>
internal sealed class SnapshotWaiters(string model)
{
    private readonly Dictionary<long, TaskCompletionSource<SnapshotInfo>> _waiters = [];

    /// <summary>Waits for a cut. Cut 0 is none: the coordinator that was asked is over.</summary>
    public Task<SnapshotInfo> Wait(long cut)
    {
        if (cut == 0) return Task.FromException<SnapshotInfo>(new SnapshotAbortedException(model, 0, "the model is being put back or closed"));
        lock (_waiters)
        {
            if (!_waiters.TryGetValue(cut, out var waiter))
                _waiters.Add(cut, waiter = new(TaskCreationOptions.RunContinuationsAsynchronously));
            return waiter.Task;
        }
    }

    public void Complete(long cut, SnapshotInfo info) => Take(cut)?.SetResult(info);

    public void Fail(long cut, string reason) => Take(cut)?.SetException(new SnapshotAbortedException(model, cut, reason));

    public void FailAll(string reason)
    {
        long[] cuts;
        lock (_waiters) cuts = [.. _waiters.Keys];
        foreach (var cut in cuts) Fail(cut, reason);
    }

    private TaskCompletionSource<SnapshotInfo>? Take(long cut)
    {
        lock (_waiters) return _waiters.Remove(cut, out var waiter) ? waiter : null;
    }
}
