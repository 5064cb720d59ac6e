namespace OrleansPs.Protocol;

/// <summary>
/// Hears from Orleans that a connection to a gateway was lost. A process that is killed ends its connections at once, while what
/// was under way on them is answered by nobody.
/// </summary>
/// <remarks>Thread safe. Made before the client is, so it knows of nobody by itself.</remarks>
#pragma warning disable CA1001 // A source without a timer holds nothing, and connections are lost when the client ends, too.
internal sealed class GatewayWatch : IClusterConnectionStatusObserver
#pragma warning restore CA1001
{
    private CancellationTokenSource _next = new();

    /// <summary>A connection was lost. Told on the thread pool.</summary>
    public event Action? Lost;

    /// <summary>Is cancelled when the next connection is lost.</summary>
    public CancellationToken NextLoss => Volatile.Read(ref _next).Token;

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways)
            ThreadPool.UnsafeQueueUserWorkItem(static watch => watch.Tell(), this, preferLocal: false);
    }

    // The number of gateways tells it too.
    public void NotifyClusterConnectionLost()
    {
    }

    private void Tell()
    {
        Interlocked.Exchange(ref _next, new()).Cancel();
        Lost?.Invoke();
    }
}
