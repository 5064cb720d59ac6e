using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansPs.Conformance;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>Membership tables over one directory, as silos have them.</summary>
internal sealed class MembershipRig : IDisposable
{
    public const string ClusterId = "c1";

    private static int s_generation;
    private readonly TempDirectory _directory = new();

    public string Root => _directory.FullPath;

    public string TableFile => MembershipFile.PathOf(Root, ClusterId);

    public string LockFile => TableFile + ".lock";

    public DirectoryMembershipTable Open(string clusterId = ClusterId, string serviceId = "s1") => Open(Root, clusterId, serviceId);

    public static DirectoryMembershipTable Open(string root, string clusterId, string serviceId) => new(
        Options.Create(new DirectoryClusteringOptions { Directory = root }),
        Options.Create(new ClusterOptions { ClusterId = clusterId, ServiceId = serviceId }));

    public async Task<DirectoryMembershipTable> StartAsync(string clusterId = ClusterId, string serviceId = "s1")
    {
        var table = Open(clusterId, serviceId);
        await table.InitializeMembershipTable(true);
        return table;
    }

    public DirectoryGatewayListProvider OpenGateways(string clusterId = ClusterId) => new(
        Options.Create(new DirectoryClusteringOptions { Directory = Root }),
        Options.Create(new ClusterOptions { ClusterId = clusterId, ServiceId = "s1" }));

    public static MembershipEntry NewSilo(SiloStatus status = SiloStatus.Joining, int daysAgo = 0)
    {
        var time = new DateTime(2026, 1, 20, 1, 2, 3, DateTimeKind.Utc).AddDays(-daysAgo);
        return new()
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 11111, Interlocked.Increment(ref s_generation)),
            HostName = "host",
            SiloName = "silo",
            Status = status,
            ProxyPort = 30000,
            StartTime = time,
            IAmAliveTime = time,
            SuspectTimes = [],
        };
    }

    /// <summary>Inserts a silo as Orleans does: reads, tries, and reads again when somebody else was faster.</summary>
    public static async Task InsertAsync(DirectoryMembershipTable table, MembershipEntry entry)
    {
        while (!await table.InsertRow(entry, (await table.ReadAll()).Version.Next()))
        {
        }
    }

    public static async Task UpdateAsync(DirectoryMembershipTable table, MembershipEntry entry, Action<MembershipEntry> change)
    {
        while (true)
        {
            var data = await table.ReadAll();
            var (row, etag) = data.TryGet(entry.SiloAddress)!;
            change(row);
            if (await table.UpdateRow(row, etag, data.Version.Next())) return;
        }
    }

    public void Dispose() => _directory.Dispose();
}
