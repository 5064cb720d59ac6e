using Microsoft.Extensions.Logging;

namespace OrleansPs.Embedded;

/// <summary>Work that nobody waits for until the end. At most a cut's writing and the clean-up of the one before run at a time.</summary>
internal sealed partial class BackgroundWork(ILogger logger)
{
    private readonly HashSet<Task> _running = [];

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
    }

    private void Forget(Task task)
    {
        lock (_running) _running.Remove(task);
    }

    [LoggerMessage(4, LogLevel.Warning, "Work in the background failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
