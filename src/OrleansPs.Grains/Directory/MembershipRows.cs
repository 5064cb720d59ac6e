using System.Globalization;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Between the rows of a membership file and Orleans' own.</summary>
internal static class MembershipRows
{
    public static string TagOf(long tag) => tag.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether whoever makes a next version has seen this one.</summary>
    public static bool IsCurrent(MembershipDocument table, TableVersion next) => TagOf(table.Tag) == next.VersionEtag;

    public static MembershipRow? Find(MembershipDocument table, MembershipEntry entry)
    {
        var address = entry.SiloAddress.ToParsableString();
        return table.Silos.FirstOrDefault(s => s.Address == address);
    }

    public static MembershipRow[] Replace(MembershipDocument table, MembershipRow old, MembershipRow row) =>
        [.. table.Silos.Select(s => ReferenceEquals(s, old) ? row : s)];

    public static MembershipTableData ToData(MembershipDocument table, Func<MembershipRow, bool> wanted) => new(
        [.. table.Silos.Where(wanted).Select(s => Tuple.Create(ToEntry(s), TagOf(s.Tag)))], new(table.Version, TagOf(table.Tag)));

    public static MembershipRow Of(MembershipEntry entry, long tag) => new()
    {
        Address = entry.SiloAddress.ToParsableString(),
        Status = entry.Status,
        Tag = tag,
        GatewayPort = entry.ProxyPort,
        HostName = entry.HostName ?? "",
        Name = entry.SiloName ?? "",
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = Utc(entry.StartTime),
        IAmAliveTime = Utc(entry.IAmAliveTime),
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(s => new SuspicionRow(s.Item1.ToParsableString(), Utc(s.Item2)))],
    };

    /// <summary>Orleans means UTC, whatever the value says of itself.</summary>
    public static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);

    private static MembershipEntry ToEntry(MembershipRow row) => new()
    {
        SiloAddress = row.Silo,
        Status = row.Status,
        ProxyPort = row.GatewayPort,
        HostName = row.HostName,
        SiloName = row.Name,
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        StartTime = row.StartTime,
        IAmAliveTime = row.IAmAliveTime,
        SuspectTimes = [.. row.Suspicions.Select(s => Tuple.Create(SiloAddress.FromParsableString(s.By), s.At))],
    };
}
