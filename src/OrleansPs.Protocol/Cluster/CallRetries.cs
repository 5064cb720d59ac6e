namespace OrleansPs.Protocol;

/// <summary>
/// Makes a call again while the cluster does not answer, with pauses that double up to a second, for
/// <see cref="ParameterServerClientOptions.CallTimeout"/>; at once when a connection to the cluster is lost. A typed error that came back is final.
/// </summary>
internal sealed class CallRetries(ParameterServerClientOptions options, TimeProvider time, GatewayWatch gateways)
{
    // Longer than what a call may wait for, and no longer: a silo that died does not say so.
    private static readonly TimeSpan s_attempt = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    public async Task<T> RunAsync<T>(Func<Task<Outcome<T>>> call, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, gateways.NextLoss);
            limit.CancelAfter(s_attempt);
            try
            {
                var outcome = await Calls.WaitAsync(call(), limit.Token).ConfigureAwait(false);
                if (outcome.Fault is not { Kind: FaultKind.Unavailable } || !HasTime(start, pause)) return outcome.Get();
            }
            catch (ServerUnavailableException) when (HasTime(start, pause))
            {
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && HasTime(start, pause))
            {
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new ServerUnavailableException($"The cluster did not answer within {options.CallTimeout}.");
            }
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A call that answers null while it is not done.</summary>
    public async Task<T> RunLongAsync<T>(Func<Task<Outcome<T?>>> call, CancellationToken cancellationToken) where T : class
    {
        while (true)
            if (await RunAsync(call, cancellationToken).ConfigureAwait(false) is { } done) return done;
    }

    private bool HasTime(long start, TimeSpan pause) => time.GetElapsedTime(start) + pause < options.CallTimeout;
}
