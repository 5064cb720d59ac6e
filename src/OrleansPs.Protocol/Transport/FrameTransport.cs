using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Networking.Shared;

namespace OrleansPs.Protocol;

/// <summary>
/// Puts connections that carry large messages at the speed of the socket into the place of Orleans' own ones. What goes over the wire stays the
/// same, so a process with them and one without understand each other; a transport that is not Orleans' own is left alone.
/// </summary>
internal static class FrameTransport
{
    /// <summary>Replaces every factory of connections and of listeners that is registered so far.</summary>
    /// <typeparam name="TOptions">What bounds messages.</typeparam>
    public static void Use<TOptions>(IServiceCollection services)
        where TOptions : MessagingOptions
    {
        if (services.Any(d => d.ServiceType == typeof(Marker))) return;
        services.AddSingleton<Marker>();
        for (var i = 0; i < services.Count; i++)
        {
            // Orleans registers no instances.
            if (services[i] is not { IsKeyedService: true, Lifetime: ServiceLifetime.Singleton, KeyedImplementationInstance: null } stock) continue;
            if (stock.ServiceType == typeof(IConnectionFactory))
                services[i] = Replaced<IConnectionFactory>(stock, s => new FrameConnectionFactory(Sockets(s), MaxFrame<TOptions>(s)));
            else if (stock.ServiceType == typeof(IConnectionListenerFactory))
                services[i] = Replaced<IConnectionListenerFactory>(stock, s => new FrameListenerFactory(Sockets(s), MaxFrame<TOptions>(s)));
        }
    }

    private static ServiceDescriptor Replaced<T>(ServiceDescriptor stock, Func<IServiceProvider, T> ours)
        where T : class => ServiceDescriptor.KeyedSingleton(stock.ServiceKey, (services, key) =>
    {
        var theirs = stock.KeyedImplementationFactory?.Invoke(services, key!)
            ?? ActivatorUtilities.CreateInstance(services, stock.KeyedImplementationType!);
        return theirs.GetType().Assembly == typeof(SocketConnectionOptions).Assembly ? ours(services) : (T)theirs;
    });

    private static SocketConnectionOptions Sockets(IServiceProvider services) =>
        services.GetRequiredService<IOptions<SocketConnectionOptions>>().Value;

    private static long MaxFrame<TOptions>(IServiceProvider services)
        where TOptions : MessagingOptions
    {
        var options = services.GetRequiredService<IOptions<TOptions>>().Value;
        return 8L + options.MaxMessageHeaderSize + options.MaxMessageBodySize;
    }

    private sealed class Marker;
}
