using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Orleans.Configuration;

namespace OrleansPs.Silo;

/// <summary>Where the silo listens: what the configuration leaves open is decided here, and whether it is free.</summary>
internal static class SiloEndpoints
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>The settings that complete a checked configuration. All stays on loopback unless something else is said.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="addressComesLater">Whether something else finds out the silo's address, as in a pod.</param>
    public static Dictionary<string, string?> Complete(IConfiguration configuration, bool addressComesLater)
    {
        var settings = new Dictionary<string, string?>();
        if (!addressComesLater && string.IsNullOrEmpty(configuration[SiloKeys.Address]))
            settings[SiloKeys.Address] = IPAddress.Loopback.ToString();

        Dictionary<string, int> ports = new()
        {
            [SiloKeys.SiloPort] = Port(configuration, SiloKeys.SiloPort, EndpointOptions.DEFAULT_SILO_PORT),
            [SiloKeys.GatewayPort] = Port(configuration, SiloKeys.GatewayPort, EndpointOptions.DEFAULT_GATEWAY_PORT),
        };
        var free = new Queue<int>(FreePorts(ports.Values.Count(port => port == 0)));
        foreach (var (key, port) in ports) settings[key] = Text(port == 0 ? free.Dequeue() : port);

        if (SiloConfiguration.Urls(configuration).Length == 0 && !IsHttpToldOtherwise(configuration)) settings[SiloKeys.Urls] = DefaultUrl;
        return settings;
    }

    /// <summary>Says which ports of a completed configuration can't be listened on.</summary>
    public static IEnumerable<string> CheckFree(IConfiguration configuration)
    {
        var tried = Listening(configuration).Select(place => (place.EndPoint, place.Key, Error: Listen(place.EndPoint))).ToArray();
        var taken = tried.Where(place => place.Error?.SocketErrorCode == SocketError.AddressAlreadyInUse).ToArray();
        if (taken.Length > 0) yield return InUse([.. taken.Select(place => $"{place.EndPoint.Port} ({place.Key})")]);
        foreach (var (endpoint, key, error) in tried.Except(taken).Where(place => place.Error is not null))
            yield return $"The silo can't listen on {endpoint}: {error!.Message}; change {key}{(key == SiloKeys.Urls ? "" : $" or {SiloKeys.Address}")}.";
    }

    private static string InUse(string[] ports) => ports.Length == 1
        ? $"Port {ports[0]} is in use, perhaps by another silo; change it, or set it to 0 for any free one."
        : $"Ports {string.Join(", ", ports)} are in use, perhaps by another silo; change them, or set them to 0 for any free ones.";

    private static IEnumerable<(IPEndPoint EndPoint, string Key)> Listening(IConfiguration configuration)
    {
        yield return (Orleans(configuration, SiloKeys.SiloListening, SiloKeys.SiloPort), SiloKeys.SiloPort);
        yield return (Orleans(configuration, SiloKeys.GatewayListening, SiloKeys.GatewayPort), SiloKeys.GatewayPort);
        if (configuration.GetSection(SiloKeys.KestrelEndpoints).Exists()) yield break;
        foreach (var url in SiloConfiguration.Urls(configuration).Select(BindingAddress.Parse))
        {
            if (!url.IsUnixPipe) yield return (new(Host(url.Host), url.Port), SiloKeys.Urls);
        }
    }

    private static IPEndPoint Orleans(IConfiguration configuration, string listening, string port) =>
        IPEndPoint.TryParse(configuration[listening] ?? "", out var endpoint) ? endpoint
        : new(Host(configuration[SiloKeys.Address] ?? ""), Port(configuration, port, 0));

    private static IPAddress Host(string host) => host == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address : IPAddress.Any;

    private static SocketException? Listen(IPEndPoint endpoint)
    {
        try
        {
            using var listener = new TcpListener(endpoint);
            listener.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e;
        }
    }

    // All are held until the last one is chosen, so that they differ.
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Any, 0)).ToArray();
        try
        {
            foreach (var listener in listeners) listener.Start();
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners) listener.Dispose();
        }
    }

    private static bool IsHttpToldOtherwise(IConfiguration configuration) =>
        !string.IsNullOrEmpty(configuration[SiloKeys.HttpPorts]) || configuration.GetSection(SiloKeys.KestrelEndpoints).Exists();

    private static int Port(IConfiguration configuration, string key, int otherwise) =>
        int.TryParse(configuration[key], CultureInfo.InvariantCulture, out var port) ? port : otherwise;

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
