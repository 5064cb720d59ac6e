namespace OrleansPs.Torture;

/// <summary>Questions to a cluster that is being tortured: it need not answer.</summary>
internal static class Ask
{
    /// <summary>Asks once, for so long at most.</summary>
    /// <returns>The answer; null if there was none in time.</returns>
    public static async Task<T?> TryAsync<T>(Func<CancellationToken, Task<T>> ask, TimeSpan limit, CancellationToken stop)
        where T : class?
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(stop);
        bound.CancelAfter(limit);
        try
        {
            return await ask(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        catch (ParameterServerException e) when (e.IsTransient)
        {
            return null;
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="TimeoutException">There was none in time.</exception>
    public static async Task<T> UntilAsync<T>(string what, Func<CancellationToken, Task<T?>> ask, TimeSpan limit, CancellationToken stop)
        where T : class
    {
        var until = SharedClock.Now + limit;
        while (SharedClock.Now < until)
        {
            if (await TryAsync(ask, until - SharedClock.Now, stop).ConfigureAwait(false) is { } answer) return answer;
            await Task.Delay(200, stop).ConfigureAwait(false);
        }
        throw new TimeoutException($"{what} took more than {limit.TotalSeconds:0} s");
    }
}
