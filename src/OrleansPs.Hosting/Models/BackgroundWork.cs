using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace OrleansPs.Hosting;

/// <summary>
/// Work on a model's storage that nobody waits for until the end: one piece at a time, in the order of starting. So what a
/// clean-up finds in the storage and what it knows of the open cut belong together, and a cut ends before the next one is written.
/// </summary>
internal sealed partial class BackgroundWork
{
    // A cut starts a handful of pieces and the next cut begins when it is over, so the queue stays short.
    private readonly Channel<Func<Task>> _queue = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true });
    private readonly ILogger _logger;
    private readonly Task _running;

    public BackgroundWork(ILogger logger)
    {
        _logger = logger;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Starts a piece of work; nothing happens after the end.</summary>
    public void Start(Func<Task> work) => _queue.Writer.TryWrite(work);

    /// <summary>Ends: nothing more is started, and what was started is waited for.</summary>
    public Task EndAsync()
    {
        _queue.Writer.TryComplete();
        return _running;
    }

    private async Task RunAsync()
    {
        await foreach (var work in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
            await GuardAsync(work).ConfigureAwait(false);
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
#pragma warning disable CA1031 // One piece of work that fails must not stop those after it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(_logger, e, e.Message);
        }
    }

    [LoggerMessage(4, LogLevel.Warning, "Work in the background failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception exception, string reason);
}
