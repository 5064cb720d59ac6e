namespace OrleansPs.Client;

/// <summary>
/// A wait by the environment's clock. <see cref="Task.Delay(TimeSpan, TimeProvider, CancellationToken)"/> moves a cancelled wait
/// to the thread pool; this one goes on where its timer or its token fires, as all of a session does.
/// </summary>
internal static class Pause
{
    /// <summary>Waits.</summary>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    public static async Task ForAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource();
        using var timer = clock.CreateTimer(
            static source => ((TaskCompletionSource)source!).TrySetResult(), over, time, Timeout.InfiniteTimeSpan);
        using var registration = cancellationToken.UnsafeRegister(
            static (source, token) => ((TaskCompletionSource)source!).TrySetCanceled(token), over);
        await over.Task.ConfigureAwait(false);
    }
}
