using System.Net;
using System.Text.Json.Serialization;

namespace OrleansPs.Protocol;

/// <summary>A membership table.</summary>
internal sealed record MembershipDocument
{
    public string? ServiceId { get; init; }

    public int Version { get; init; }

    /// <summary>Changes with every change that concerns decisions; 0 where there is no table.</summary>
    public long Tag { get; init; }

    public IReadOnlyList<MembershipRow> Silos { get; init; } = [];
}

/// <summary>A silo in a membership table.</summary>
internal sealed record MembershipRow
{
    public required string Address { get; init; }

    public required SiloStatus Status { get; init; }

    public required long Tag { get; init; }

    public int GatewayPort { get; init; }

    public string HostName { get; init; } = "";

    public string Name { get; init; } = "";

    public string? RoleName { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime IAmAliveTime { get; init; }

    public IReadOnlyList<SuspicionRow> Suspicions { get; init; } = [];

    [JsonIgnore]
    public SiloAddress Silo => SiloAddress.FromParsableString(Address);

    [JsonIgnore]
    public IPEndPoint Gateway => new(Silo.Endpoint.Address, GatewayPort);

    /// <summary>When something last changed: a suspicion is a sign of the silo too.</summary>
    [JsonIgnore]
    public DateTime LastSign => Suspicions.Select(s => s.At).Append(StartTime).Append(IAmAliveTime).Max();
}

/// <summary>That a silo suspected another one.</summary>
internal sealed record SuspicionRow(string By, DateTime At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(MembershipDocument))]
internal sealed partial class MembershipJson : JsonSerializerContext;
