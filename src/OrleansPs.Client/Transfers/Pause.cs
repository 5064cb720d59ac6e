namespace OrleansPs.Client;

/// <summary>
/// Waits that go on where a timer fires or a token is cancelled, as all of a session does.
/// <see cref="Task.Delay(TimeSpan, TimeProvider, CancellationToken)"/> and <see cref="Task.WaitAsync(CancellationToken)"/>
/// move a cancelled wait to the thread pool.
/// </summary>
internal static class Pause
{
    /// <summary>Waits for some time, by the environment's clock.</summary>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    public static async Task ForAsync(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource();
        using var timer = clock.CreateTimer(
            static source => ((TaskCompletionSource)source!).TrySetResult(), over, time, Timeout.InfiniteTimeSpan);
        using var registration = CancelWith(over, cancellationToken);
        await over.Task.ConfigureAwait(false);
    }

    /// <summary>Waits for a task, and throws what it throws.</summary>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    public static async Task UntilAsync(Task task, CancellationToken cancellationToken)
    {
        var over = new TaskCompletionSource();
        using var registration = CancelWith(over, cancellationToken);
        await (await Task.WhenAny(task, over.Task).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static CancellationTokenRegistration CancelWith(TaskCompletionSource over, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(
            static (source, token) => ((TaskCompletionSource)source!).TrySetCanceled(token), over);
}
