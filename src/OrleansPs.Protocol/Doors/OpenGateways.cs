using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Messaging;
using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>
/// The gateways that Orleans' client itself sends to. A message to any other one it gives to a gateway of its choice; that silo takes the address for
/// another silo's and connects to it with a silo's greeting, which the gateway answers before it refuses. Until the refusal is heard
/// the connection counts as one to the silo behind the gateway, and what others send to that silo is lost with it.
/// </summary>
/// <remarks>Thread safe. Orleans tells nobody which these are, so its own list is asked. Where that can't be, every gateway counts as open.</remarks>
internal sealed class OpenGateways(IServiceProvider services)
{
    private readonly Lazy<Func<SiloAddress, bool>> _isOpen = new(() => Find(services) ?? (static _ => true));

    /// <summary>Whether a message to this gateway goes to it, and nowhere else.</summary>
    public bool Has(SiloAddress gateway) => _isOpen.Value(gateway);

    /// <summary>Orleans' own list; null where this version of Orleans has none of that name.</summary>
    public static Func<SiloAddress, bool>? Find(IServiceProvider services)
    {
        var type = typeof(IGatewayListProvider).Assembly.GetType("Orleans.Messaging.GatewayManager");
        var method = type?.GetMethod("IsGatewayAvailable", BindingFlags.Public | BindingFlags.Instance, [typeof(SiloAddress)]);
        return method?.ReturnType == typeof(bool) && services.GetService(type!) is { } list ? method.CreateDelegate<Func<SiloAddress, bool>>(list) : null;
    }
}
