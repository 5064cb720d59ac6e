using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Torture;

/// <summary>Where a silo listens, however often it is started.</summary>
/// <param name="Address">Its address.</param>
/// <param name="SiloPort">The port for other silos.</param>
/// <param name="GatewayPort">The port for clients.</param>
/// <param name="HttpPort">The port for its health.</param>
/// <param name="Prefix">What stands before the command that starts it.</param>
internal sealed record Place(string Address, int SiloPort, int GatewayPort, int HttpPort, IReadOnlyList<string> Prefix)
{
    /// <summary>A place of a network.</summary>
    public static Place In(Network network, int place) => new(network.Address(place), 11111, 30000, 8080, network.In(place));

    /// <summary>Places on loopback. No connection is given such a port by chance while a silo is away.</summary>
    public static Place[] OnLoopback(int count)
    {
        var ports = new Queue<int>(Enumerable.Range(0, 10_000).Select(i => 20_000 + ((i + (Environment.ProcessId * 64)) % 10_000)).Where(IsFree).Take(3 * count));
        return [.. Enumerable.Range(0, count).Select(_ => new Place("127.0.0.1", ports.Dequeue(), ports.Dequeue(), ports.Dequeue(), []))];
    }

    /// <summary>Whether a silo's address, as Orleans writes it, is of this place.</summary>
    public bool Holds(string silo) => silo.Contains(string.Create(CultureInfo.InvariantCulture, $"{Address}:{SiloPort}@"), StringComparison.Ordinal);

    /// <summary>Whether a silo here says that it is ready.</summary>
    public async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://{Address}:{Text(HttpPort)}/health/ready"), cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The configuration of a silo here.</summary>
    public IReadOnlyDictionary<string, string> Variables(string directory) => new Dictionary<string, string>
    {
        ["Orleans__Endpoints__AdvertisedIPAddress"] = Address,
        ["Orleans__Endpoints__SiloPort"] = Text(SiloPort),
        ["Orleans__Endpoints__GatewayPort"] = Text(GatewayPort),
        ["Urls"] = $"http://{Address}:{Text(HttpPort)}",
        ["Orleans__Clustering__ProviderType"] = "Directory",
        ["Orleans__Clustering__Directory"] = directory,
        ["Orleans__GrainStorage__OrleansPs__ProviderType"] = "Directory",
        ["Orleans__GrainStorage__OrleansPs__Directory"] = directory,
        ["DOTNET_ENVIRONMENT"] = "Production",
    };

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
