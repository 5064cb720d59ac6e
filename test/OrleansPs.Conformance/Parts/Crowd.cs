namespace OrleansPs.Conformance;

/// <summary>Workers at the same time.</summary>
public static class Crowd
{
    /// <summary>Runs a loop for each worker on threads of the pool. The first failure ends all of them and is the one thrown.</summary>
    public static async Task RunAsync(
        IEnumerable<IParameterWorker> workers, Func<IParameterWorker, CancellationToken, Task> loop,
        CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = workers.Select(w => Task.Run(() => loop(w, end.Token), cancellationToken)).ToList();
        var all = running.ToArray();
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            if (ended.IsCompletedSuccessfully) continue;
            await end.CancelAsync();
            await ended;
        }
        await Task.WhenAll(all);
    }

    /// <summary>Ends a step of each worker at the same time.</summary>
    public static Task ClockAsync(IEnumerable<IParameterWorker> workers, CancellationToken cancellationToken) => Task.WhenAll(
        workers.Select(w => w.ClockAsync(w.Position.Cursor + 1, cancellationToken).AsTask()));
}
