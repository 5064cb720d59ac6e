using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// The membership of a cluster in a directory, so that the silos of one machine need nobody else, and any of them may die. Every
/// change is made under a lock and by compare-and-swap; the file is replaced whole.
/// </summary>
/// <remarks>Thread safe, by any number of processes. A machine that loses its power loses its silos too: nothing is forced to the disk.</remarks>
internal sealed class DirectoryMembershipTable(IOptions<DirectoryClusteringOptions> options, IOptions<ClusterOptions> cluster) : IMembershipTable
{
    private string _root = "";
    private string _path = "";

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        options.Value.Validate();
        _root = MembershipFile.Expand(options.Value.Directory);
        _path = MembershipFile.PathOf(_root, cluster.Value.ClusterId);
        await ChangeAsync(table => table.ServiceId is { } other && other != cluster.Value.ServiceId && table.Silos.Any(IsAlive)
            ? throw new InvalidOptionsException("Orleans:ServiceId", cluster.Value.ServiceId,
                $"the silos of cluster '{cluster.Value.ClusterId}' in {_root} serve '{other}': set the same, or another Orleans:ClusterId.")
            : table with { ServiceId = cluster.Value.ServiceId }).ConfigureAwait(false);
    }

    public Task DeleteMembershipTableEntries(string clusterId) =>
        GuardAsync(() => File.Delete(MembershipFile.PathOf(_root, clusterId)));

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => ChangeAsync(table => table with
    {
        Silos = [.. table.Silos.Where(s => IsAlive(s) || s.IAmAliveTime >= beforeDate.UtcDateTime)],
    });

    public Task<MembershipTableData> ReadRow(SiloAddress key) => Task.FromResult(
        ToData(MembershipFile.Read(_path), row => row.Address == key.ToParsableString()));

    public Task<MembershipTableData> ReadAll() => Task.FromResult(ToData(MembershipFile.Read(_path), _ => true));

    public async Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => await ChangeAsync(table =>
        TagOf(table.Tag) != tableVersion.VersionEtag || Find(table, entry) is not null
            ? null
            : table with { Version = tableVersion.Version, Silos = [.. table.Silos, ToRow(entry, 1)] }).ConfigureAwait(false);

    public async Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => await ChangeAsync(table =>
        TagOf(table.Tag) != tableVersion.VersionEtag || Find(table, entry) is not { } row || TagOf(row.Tag) != etag
            ? null
            : table with { Version = tableVersion.Version, Silos = Replace(table, row, ToRow(entry, row.Tag + 1)) }).ConfigureAwait(false);

    // A sign of life concerns nobody's decisions, so it changes no tag.
    public Task UpdateIAmAlive(MembershipEntry entry) => ChangeAsync(table => Find(table, entry) is not { } row ? null
        : table with { Tag = table.Tag - 1, Silos = Replace(table, row, row with { IAmAliveTime = entry.IAmAliveTime }) });

    /// <summary>Changes the table under the lock.</summary>
    /// <param name="change">Gives the new table, or null for none.</param>
    /// <returns>Whether it was changed.</returns>
    private async Task<bool> ChangeAsync(Func<MembershipDocument, MembershipDocument?> change)
    {
        try
        {
            DurableFile.CreateDirectory(Path.GetDirectoryName(_path)!);
            using var held = await DirectoryLock.TakeAsync(_path + ".lock").ConfigureAwait(false);
            if (change(MembershipFile.Read(_path)) is not { } changed) return false;
            var temporary = $"{_path}.{Environment.ProcessId}.new";
            await File.WriteAllBytesAsync(temporary, MembershipFile.Write(changed with { Tag = changed.Tag + 1 })).ConfigureAwait(false);
            File.Move(temporary, _path, overwrite: true);
            return true;
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root, e);
        }
    }

    private async Task GuardAsync(Action work)
    {
        try
        {
            await Task.Run(work).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root, e);
        }
    }

    private static MembershipRow? Find(MembershipDocument table, MembershipEntry entry)
    {
        var address = entry.SiloAddress.ToParsableString();
        return table.Silos.FirstOrDefault(s => s.Address == address);
    }

    private static MembershipRow[] Replace(MembershipDocument table, MembershipRow old, MembershipRow row) =>
        [.. table.Silos.Select(s => ReferenceEquals(s, old) ? row : s)];

    private static bool IsAlive(MembershipRow row) => row.Status != (int)SiloStatus.Dead;

    private static MembershipTableData ToData(MembershipDocument table, Func<MembershipRow, bool> wanted) => new(
        [.. table.Silos.Where(wanted).Select(s => Tuple.Create(ToEntry(s), TagOf(s.Tag)))], new(table.Version, TagOf(table.Tag)));

    private static string TagOf(long tag) => tag.ToString(CultureInfo.InvariantCulture);

    private static MembershipRow ToRow(MembershipEntry entry, long tag) => new()
    {
        Address = entry.SiloAddress.ToParsableString(),
        Status = (int)entry.Status,
        Tag = tag,
        GatewayPort = entry.ProxyPort,
        HostName = entry.HostName ?? "",
        Name = entry.SiloName ?? "",
        RoleName = entry.RoleName,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(s => new SuspicionRow(s.Item1.ToParsableString(), s.Item2))],
    };

    private static MembershipEntry ToEntry(MembershipRow row) => new()
    {
        SiloAddress = row.Silo,
        Status = (SiloStatus)row.Status,
        ProxyPort = row.GatewayPort,
        HostName = row.HostName,
        SiloName = row.Name,
        RoleName = row.RoleName,
        StartTime = row.StartTime,
        IAmAliveTime = row.IAmAliveTime,
        SuspectTimes = [.. row.Suspicions.Select(s => Tuple.Create(SiloAddress.FromParsableString(s.By), s.At))],
    };
}
