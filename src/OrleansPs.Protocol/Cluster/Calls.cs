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
            _ = task.ContinueWith(
                late => { if (late.IsCompletedSuccessfully) whenLate?.Invoke(late.Result); else _ = late.Exception; },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
        catch (Exception e) when (IsPassing(e))
        {
            throw Unavailable(e);
        }
    }

    /// <inheritdoc cref="WaitAsync{T}(ValueTask{T}, Action{T}?, CancellationToken)"/>
    public static ValueTask<T> WaitAsync<T>(Task<T> call, CancellationToken cancellationToken) =>
        WaitAsync(new ValueTask<T>(call), null, cancellationToken);

    /// <summary>Waits for a call for some time. Without an answer the outcome is unknown.</summary>
    public static async Task<(bool IsAnswered, T? Answer)> TryAsync<T>(Task<T> call, TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        try
        {
            return (true, await WaitAsync(call, limit.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            return (false, default);
        }
    }

    /// <summary>Whether an error is one of the way there and back: the outcome is unknown, and the call may be made again.</summary>
    public static bool IsPassing(Exception e) =>
        e is TimeoutException or OrleansException or SocketException or IOException
        || e is AggregateException { InnerException: { } inner } && IsPassing(inner);

    /// <summary>What such an error is called here; it is the inner one.</summary>
    public static ServerUnavailableException Unavailable(Exception e) =>
        new($"The cluster did not answer: {FirstLine(e.Message)}", e);

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return end < 0 ? message : message[..end];
    }
}
