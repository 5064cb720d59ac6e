using Microsoft.Extensions.Logging;

namespace OrleansPs.Embedded;

/// <summary>
/// Work on a model's storage that nobody waits for until the end: one piece at a time, in about the order of starting. So what a
/// clean-up finds in the storage and what it knows of the open cut belong together.
/// </summary>
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing.
internal sealed partial class BackgroundWork(ILogger logger)
#pragma warning restore CA1001
{
    private readonly HashSet<Task> _running = [];
    private readonly SemaphoreSlim _turn = new(1);

    public void Start(Func<Task> work)
    {
        var task = Task.Run(() => GuardAsync(work));
        lock (_running) _running.Add(task);
        _ = task.ContinueWith(Forget, TaskScheduler.Default);
    }

    public Task DrainAsync()
    {
        lock (_running) return Task.WhenAll(_running);
    }

    private async Task GuardAsync(Func<Task> work)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops; what was under way is as if it had died.
        }
        catch (ParameterServerException e)
        {
            LogFailed(logger, e.Message);
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Forget(Task task)
    {
        lock (_running) _running.Remove(task);
    }

    [LoggerMessage(4, LogLevel.Warning, "Work in the background failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
