using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>Tells when this client has lost a gateway.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class GatewayWatch : IClusterConnectionStatusObserver
{
    /// <summary>A connection to a gateway broke; what was sent over it may never be answered.</summary>
    public event Action? Lost;

    public void NotifyClusterConnectionLost() => Lost?.Invoke();

    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways) Lost?.Invoke();
    }
}
