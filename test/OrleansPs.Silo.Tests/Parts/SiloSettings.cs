using System.Globalization;
using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests;

/// <summary>How a silo is run in a process of its own: on free ports of loopback, alone unless it shares a directory with others.</summary>
internal sealed record SiloSettings
{
    private readonly int[] _ports = Ports.Free(3);

    public int SiloPort => _ports[0];

    public int GatewayPort => _ports[1];

    public int HttpPort => _ports[2];

    public string Environment { get; init; } = "Production";

    /// <summary>
    /// Holds membership and snapshots, for all silos of a cluster the same. Without one the silo is alone and keeps all in memory.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>Configuration keys, with colons, that go before everything else.</summary>
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = new Dictionary<string, string>();

    /// <summary>All of it as environment variables.</summary>
    public IReadOnlyDictionary<string, string> Variables()
    {
        Dictionary<string, string> keys = new()
        {
            ["Orleans:Endpoints:SiloPort"] = Text(SiloPort),
            ["Orleans:Endpoints:GatewayPort"] = Text(GatewayPort),
            ["Urls"] = $"http://127.0.0.1:{HttpPort}",
        };
        foreach (var (key, value) in Providers().Concat(Configuration)) keys[key] = value;
        var variables = keys.ToDictionary(key => key.Key.Replace(":", "__", StringComparison.Ordinal), key => key.Value);
        variables["DOTNET_ENVIRONMENT"] = Environment;
        return variables;
    }

    private Dictionary<string, string> Providers() => Directory is null
        ? new()
        {
            ["Orleans:Clustering:ProviderType"] = "Development",
            ["Orleans:GrainStorage:OrleansPs:ProviderType"] = "Memory",
        }
        : new()
        {
            ["Orleans:Clustering:ProviderType"] = "Directory",
            ["Orleans:Clustering:Directory"] = Directory,
            ["Orleans:GrainStorage:OrleansPs:ProviderType"] = "Directory",
            ["Orleans:GrainStorage:OrleansPs:Directory"] = Directory,
        };

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
