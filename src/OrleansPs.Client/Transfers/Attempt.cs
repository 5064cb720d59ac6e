namespace OrleansPs.Client;

/// <summary>What came of one attempt: a reply, or a failure that may pass.</summary>
internal readonly record struct Attempt<TReply>(bool IsAnswered, TReply Reply, Exception? Error);

/// <summary>Attempts of requests that may allocate a little. A push or a pull of a session has its <see cref="Lane"/>.</summary>
internal static class Attempt
{
    /// <summary>Makes one attempt, within a limit of time; a request that takes longer is cancelled and awaited.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="ParameterServerException">The attempt failed in a way that will not pass.</exception>
    public static async ValueTask<Attempt<TReply>> MakeAsync<TReply>(
        TimeProvider time, TimeSpan limit, Func<CancellationToken, ValueTask<TReply>> send,
        CancellationToken cancellationToken)
    {
        using var attempt = new CancellationTokenSource(limit, time);
        using var registration = cancellationToken.UnsafeRegister(
            static source => ((CancellationTokenSource)source!).Cancel(), attempt);
        try
        {
            return new(true, await send(attempt.Token).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            return new(false, default!, new TimeoutException($"There was no answer within {limit}.", e));
        }
        catch (ParameterServerException e) when (e.IsTransient)
        {
            return new(false, default!, e);
        }
    }
}
