using System.Net.Sockets;
using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>Waits for grain calls, and says in the service's own words what Orleans reports.</summary>
internal static class Calls
{
    /// <summary>Waits for a call. When the token is cancelled the wait ends at once, and what the call brings later goes to a handler.</summary>
    public static async ValueTask<T> WaitAsync<T>(ValueTask<T> call, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        if (call.IsCompletedSuccessfully) return call.Result;
        var task = call.AsTask();
        try
        {
            return await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            WhenLate(task, whenLate);
            throw;
        }
        catch (Exception e) when (IsPassing(e))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>The same for a call that may be abandoned: it can be made again at once.</summary>
    public static async ValueTask<T> WaitAsync<T>(ValueTask<T> call, Action<T>? whenLate, Task abandoned, CancellationToken cancellationToken)
    {
        if (call.IsCompletedSuccessfully) return call.Result;
        var task = call.AsTask();
        var first = Task.WhenAny(task, abandoned);
        await WaitAsync(new ValueTask<Task>(first), null, cancellationToken).ConfigureAwait(false);
        if (task.IsCompleted) return await WaitAsync(new ValueTask<T>(task), whenLate, cancellationToken).ConfigureAwait(false);
        WhenLate(task, whenLate);
        throw new ServerUnavailableException("The cluster has changed since the call was made, and will not answer it.");
    }

    /// <inheritdoc cref="WaitAsync{T}(ValueTask{T}, Action{T}?, CancellationToken)"/>
    public static ValueTask<T> WaitAsync<T>(Task<T> call, CancellationToken cancellationToken) =>
        WaitAsync(new ValueTask<T>(call), null, cancellationToken);

    /// <summary>Whether an error is one of the way there and back: the outcome is unknown, and the call may be made again.</summary>
    public static bool IsPassing(Exception e) =>
        e is TimeoutException or OrleansException or SocketException or IOException
        || e is AggregateException { InnerException: { } inner } && IsPassing(inner);

    private static void WhenLate<T>(Task<T> task, Action<T>? whenLate) => _ = task.ContinueWith(
        late => { if (late.IsCompletedSuccessfully) whenLate?.Invoke(late.Result); else _ = late.Exception; },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static ServerUnavailableException Unavailable(Exception e) =>
        new($"The cluster did not answer: {FirstLine(e.Message)}", e);

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return end < 0 ? message : message[..end];
    }
}
