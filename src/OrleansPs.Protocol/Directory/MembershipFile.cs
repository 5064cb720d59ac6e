using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansPs.Protocol;

/// <summary>
/// The silos of one cluster, as a file in a directory: who writes it holds a lock and replaces it whole, so whoever reads it needs
/// none.
/// </summary>
internal static class MembershipFile
{
    /// <summary>Where the file of a cluster is.</summary>
    public static string PathOf(string directory, string clusterId) =>
        Path.Combine(directory, "membership", Uri.EscapeDataString(clusterId).Replace(".", "%2E", StringComparison.Ordinal) + ".json");

    /// <summary>What a path in a configuration means: variables are filled in, <c>~/</c> is the user's home.</summary>
    public static string Expand(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        var expanded = Environment.ExpandEnvironmentVariables(directory);
        if (expanded == "~" || expanded.StartsWith("~/", StringComparison.Ordinal))
            expanded = Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), expanded[1..]);
        return Path.GetFullPath(expanded);
    }

    /// <summary>Reads the file; an empty table where there is none.</summary>
    /// <exception cref="InvalidOptionsException">It is no membership file.</exception>
    public static MembershipDocument Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), MembershipJson.Default.MembershipDocument)
                ?? throw new JsonException("it is null.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new();
        }
        catch (JsonException e)
        {
            throw new InvalidOptionsException("Orleans:Clustering:Directory", path,
                $"this file is no list of silos ({e.Message}): delete it while no silo runs.");
        }
    }

    public static byte[] Write(MembershipDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, MembershipJson.Default.MembershipDocument);
}

/// <summary>A membership table.</summary>
internal sealed record MembershipDocument
{
    public string? ServiceId { get; init; }

    public int Version { get; init; }

    public long Tag { get; init; }

    public IReadOnlyList<MembershipRow> Silos { get; init; } = [];
}

/// <summary>A silo in a membership table.</summary>
internal sealed record MembershipRow
{
    public required string Address { get; init; }

    public required int Status { get; init; }

    public required long Tag { get; init; }

    public int GatewayPort { get; init; }

    public string HostName { get; init; } = "";

    public string Name { get; init; } = "";

    public string? RoleName { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime IAmAliveTime { get; init; }

    public IReadOnlyList<SuspicionRow> Suspicions { get; init; } = [];

    [JsonIgnore]
    public SiloAddress Silo => SiloAddress.FromParsableString(Address);

    [JsonIgnore]
    public IPEndPoint Gateway => new(Silo.Endpoint.Address, GatewayPort);
}

/// <summary>That a silo suspected another one.</summary>
internal sealed record SuspicionRow(string By, DateTime At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(MembershipDocument))]
internal sealed partial class MembershipJson : JsonSerializerContext;
