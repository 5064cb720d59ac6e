namespace OrleansPs.Worker;

/// <summary>Where workers that are done wait for the others, but not for ever for those that get no further.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FinishLine(IParameterServer server, string model, TimeSpan patience, TimeProvider time)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);
    private volatile IReadOnlyList<WorkerInfo>? _givenUp;

    /// <summary>Waits until all workers are done, or those that are not get no further.</summary>
    /// <param name="rank">A rank of the caller's: that it is no longer done ends the wait at once; null for none.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The workers that are not done; among them the rank, if the model was put back.</returns>
    public async Task<IReadOnlyList<WorkerInfo>> AwaitAsync(int? rank, CancellationToken stop)
    {
        var (seen, since) = (((int, long)[])[], time.GetTimestamp());
        using var looks = new PeriodicTimer(s_look, time);
        while (true)
        {
            var status = await server.GetStatusAsync(model, stop).ConfigureAwait(false);
            WorkerInfo[] missing = [.. status.Workers.Where(worker => !IsDone(worker))];
            if (missing.Length == 0 || missing.Any(worker => worker.Rank == rank)) return missing;
            if (_givenUp is { } givenUp) return givenUp;
            (int, long)[] places = [.. missing.Select(worker => (worker.Rank, worker.Step))];
            if (!places.SequenceEqual(seen)) (seen, since) = (places, time.GetTimestamp());
            else if (time.GetElapsedTime(since) >= patience) return _givenUp = missing;
            await looks.WaitForNextTickAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>Fails if somebody is not done.</summary>
    /// <exception cref="UnfinishedException">Somebody is not.</exception>
    public void Require(IReadOnlyList<WorkerInfo> missing)
    {
        if (missing.Count == 0) return;
        var who = string.Join(", ", missing.Select(worker => FormattableString.Invariant($"rank {worker.Rank} ({worker.Status} at step {worker.Step})")));
        throw new UnfinishedException(FormattableString.Invariant(
            $"These workers are not done, and got no further in {patience.TotalSeconds:0} s: {who}. The model lacks the rest of their steps."));
    }

    private static bool IsDone(WorkerInfo worker) => worker.Status is WorkerStatus.OutOfData or WorkerStatus.Left;
}
