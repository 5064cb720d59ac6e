using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using OrleansPs.Grains;

namespace OrleansPs.Silo;

/// <summary>What is wrong with a silo's configuration, a sentence each. It looks at nothing but the configuration.</summary>
internal static class SiloConfiguration
{
    private const string Directory = "Directory";

    public static IReadOnlyList<string> Check(IConfiguration configuration, ProviderCatalog providers) =>
    [
        .. Ids(configuration),
        .. Ports(configuration),
        .. Addresses(configuration),
        .. Options(configuration),
        .. Clustering(configuration, providers),
        .. Storage(configuration, providers),
    ];

    /// <summary>The grain storage that models are kept in.</summary>
    public static string StorageName(IConfiguration configuration) =>
        configuration[SiloKeys.StorageName] is { Length: > 0 } name ? name : ParameterServerOptions.DefaultStorageName;

    /// <summary>The provider type of a section; empty where there is none.</summary>
    public static string ProviderType(IConfiguration configuration, string section) =>
        configuration[$"{section}:{SiloKeys.ProviderType}"] ?? "";

    public static string StorageSection(IConfiguration configuration) => $"{SiloKeys.GrainStorage}:{StorageName(configuration)}";

    public static TimeSpan Duration(IConfiguration configuration, string key, TimeSpan otherwise) =>
        TimeSpan.TryParse(configuration[key], CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>The addresses of the HTTP endpoints; none where ASP.NET is told them in another way.</summary>
    public static string[] Urls(IConfiguration configuration) =>
        (configuration[SiloKeys.Urls] ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Ids(IConfiguration configuration) =>
        new[] { SiloKeys.ClusterId, SiloKeys.ServiceId }.Where(key => string.IsNullOrWhiteSpace(configuration[key]))
            .Select(key => $"{key} is not set; all silos and clients of a cluster need the same one.");

    private static IEnumerable<string> Ports(IConfiguration configuration)
    {
        string[] keys = [SiloKeys.SiloPort, SiloKeys.GatewayPort];
        foreach (var key in keys)
        {
            if (configuration[key] is { Length: > 0 } text && !IsPort(text))
                yield return $"{key} is '{text}'; it must be a port, 0 to 65535, where 0 means any free one.";
        }

        var (silo, gateway) = (configuration[SiloKeys.SiloPort], configuration[SiloKeys.GatewayPort]);
        if (silo is { Length: > 0 } && silo == gateway && silo != "0")
            yield return $"{SiloKeys.SiloPort} and {SiloKeys.GatewayPort} are both {silo}; they must differ.";
    }

    private static IEnumerable<string> Addresses(IConfiguration configuration)
    {
        if (configuration[SiloKeys.Address] is { Length: > 0 } address && !IsAddress(address))
            yield return $"{SiloKeys.Address} is '{address}'; it must be an IP address that other silos and clients can reach.";

        foreach (var key in new[] { SiloKeys.SiloListening, SiloKeys.GatewayListening })
        {
            if (configuration[key] is { Length: > 0 } endpoint && !IPEndPoint.TryParse(endpoint, out _))
                yield return $"{key} is '{endpoint}'; it must be an IP address and a port, such as 0.0.0.0:11111.";
        }

        foreach (var url in Urls(configuration).Where(url => !IsUrl(url)))
            yield return $"{SiloKeys.Urls} has '{url}'; it must be an address such as http://127.0.0.1:8080.";
    }

    private static IEnumerable<string> Options(IConfiguration configuration)
    {
        if (!IsDuration(configuration[SiloKeys.DrainTimeout], TimeSpan.Zero))
            yield return $"{SiloKeys.DrainTimeout} is '{configuration[SiloKeys.DrainTimeout]}'; it must be 00:00:00 to 01:00:00.";
        if (!IsDuration(configuration[SiloKeys.StartTimeout], TimeSpan.FromSeconds(1)))
            yield return $"{SiloKeys.StartTimeout} is '{configuration[SiloKeys.StartTimeout]}'; it must be 00:00:01 to 01:00:00.";
        foreach (var key in new[] { SiloKeys.SharedDirectory, $"{SiloKeys.Section}:{nameof(ParameterServerOptions.WatchPeers)}" })
        {
            if (configuration[key] is { Length: > 0 } flag && !bool.TryParse(flag, out _))
                yield return $"{key} is '{flag}'; it must be true or false.";
        }
    }

    private static IEnumerable<string> Clustering(IConfiguration configuration, ProviderCatalog providers)
    {
        const string key = $"{SiloKeys.Clustering}:{SiloKeys.ProviderType}";
        var type = ProviderType(configuration, SiloKeys.Clustering);
        if (type.Length == 0) yield return $"No clustering is configured; set {key} to one of: {providers.Names(ProviderCatalog.Clustering)}.";
        else if (!providers.Has(ProviderCatalog.Clustering, type)) yield return Unknown(key, type, providers.Names(ProviderCatalog.Clustering));
    }

    private static IEnumerable<string> Storage(IConfiguration configuration, ProviderCatalog providers)
    {
        var section = StorageSection(configuration);
        var key = $"{section}:{SiloKeys.ProviderType}";
        var type = ProviderType(configuration, section);
        if (type.Length == 0)
        {
            yield return $"The grain storage '{StorageName(configuration)}' is not configured; set {key} to one of: " +
                $"{providers.Names(ProviderCatalog.GrainStorage)}.";
        }
        else if (!providers.Has(ProviderCatalog.GrainStorage, type))
        {
            yield return Unknown(key, type, providers.Names(ProviderCatalog.GrainStorage));
        }
        else if (type == Directory && MaySpanMachines(configuration, providers))
        {
            yield return $"{key} is Directory, but a cluster by {ProviderType(configuration, SiloKeys.Clustering)} may span several machines: " +
                $"if all of them see this directory, set {SiloKeys.SharedDirectory} to true, otherwise choose another storage.";
        }
    }

    private static bool MaySpanMachines(IConfiguration configuration, ProviderCatalog providers) =>
        ProviderType(configuration, SiloKeys.Clustering) is var clustering && clustering != Directory &&
        providers.Has(ProviderCatalog.Clustering, clustering) &&
        !(bool.TryParse(configuration[SiloKeys.SharedDirectory], out var shared) && shared);

    private static string Unknown(string key, string type, string known) =>
        $"{key} is '{type}', which no package of this build provides; it has: {known}.";

    private static bool IsPort(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    // 0.0.0.0 can be listened on, but nobody can reach it.
    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    private static bool IsDuration(string? text, TimeSpan least) => string.IsNullOrEmpty(text) ||
        (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= TimeSpan.FromHours(1));

    private static bool IsUrl(string url)
    {
        try
        {
            return BindingAddress.Parse(url).Scheme is "http" or "https";
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
