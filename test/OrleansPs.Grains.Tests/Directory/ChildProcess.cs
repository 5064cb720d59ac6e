using System.Diagnostics;
using System.Globalization;
using Orleans.Runtime;

namespace OrleansPs.Grains.Tests;

/// <summary>This assembly as a process of its own, which writes until it has written enough or is killed.</summary>
internal static class ChildProcess
{
    public static Process Start(params string[] args) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
        [typeof(ChildProcess).Assembly.Location, .. args]))!;

    /// <summary>What such a process does. The test runner has an entry of its own and never comes here.</summary>
    public static async Task<int> Main(string[] args)
    {
        // A test that fails may leave it behind.
        using var limit = new Timer(_ => Environment.Exit(3), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan);
        switch (args)
        {
            case ["membership", var root, var cluster, var service, var address, .. var count]:
                await WriteMembershipAsync(root, cluster, service, address, CountOf(count));
                return 0;
            case ["storage", var root, .. var count]:
                await WriteStorageAsync(root, CountOf(count));
                return 0;
            default:
                return 2;
        }
    }

    private static int CountOf(string[] count) => count is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : int.MaxValue;

    private static async Task WriteMembershipAsync(string root, string cluster, string service, string address, int count)
    {
        var table = MembershipRig.Open(root, cluster, service);
        await table.InitializeMembershipTable(true);
        var silo = new MembershipEntry { SiloAddress = SiloAddress.FromParsableString(address) };
        for (var i = 0; i < count; i++) await MembershipRig.UpdateAsync(table, silo, row => row.ProxyPort++);
    }

    private static async Task WriteStorageAsync(string root, int count)
    {
        var storage = StorageRig.Open(root);
        for (var i = 0; i < count; i++) await StorageRig.AddAsync(storage, StorageRig.Counter);
    }
}
