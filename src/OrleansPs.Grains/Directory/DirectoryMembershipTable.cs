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
    private readonly Lazy<string> _root = new(() => options.Value.FullPath);

    private string OwnPath => PathOf(cluster.Value.ClusterId);

    public Task InitializeMembershipTable(bool tryInitTableVersion) => ChangeAsync(table =>
    {
        if (table.ServiceId is { } other && other != cluster.Value.ServiceId) throw Foreign(other);
        // Written even where nothing is new, to learn now that it can be written.
        return table.ServiceId is null ? Renew(table) : table;
    });

    public Task DeleteMembershipTableEntries(string clusterId) => UnderLockAsync(PathOf(clusterId), path =>
    {
        File.Delete(path);
        return true;
    });

    /// <inheritdoc/>
    /// <remarks>Whatever is not active and gave no sign of itself is gone: a silo that was killed while it joined is never declared dead.</remarks>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => ChangeAsync(table =>
    {
        var kept = table.Silos.Where(s => s.Status == SiloStatus.Active || s.LastSign >= beforeDate.UtcDateTime).ToArray();
        return kept.Length == table.Silos.Count ? null : Renew(table) with { Silos = kept };
    });

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAsync(row => row.Address == key.ToParsableString());

    public Task<MembershipTableData> ReadAll() => ReadAsync(_ => true);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => ChangeAsync(table =>
    {
        if (!MembershipRows.IsCurrent(table, tableVersion) || MembershipRows.Find(table, entry) is not null) return null;
        var next = Renew(table);
        return next with { Version = tableVersion.Version, Silos = [.. table.Silos, MembershipRows.Of(entry, next.Tag)] };
    });

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => ChangeAsync(table =>
    {
        if (!MembershipRows.IsCurrent(table, tableVersion) || MembershipRows.Find(table, entry) is not { } row || MembershipRows.TagOf(row.Tag) != etag) return null;
        var next = Renew(table);
        return next with { Version = tableVersion.Version, Silos = MembershipRows.Replace(table, row, MembershipRows.Of(entry, next.Tag)) };
    });

    // A sign of life concerns nobody's decisions, so it changes no tag.
    public Task UpdateIAmAlive(MembershipEntry entry) => ChangeAsync(table => MembershipRows.Find(table, entry) is not { } row ? null
        : table with { Silos = MembershipRows.Replace(table, row, row with { IAmAliveTime = MembershipRows.Utc(entry.IAmAliveTime) }) });

    /// <summary>Changes the table.</summary>
    /// <param name="change">Gives the new table, or null to leave it.</param>
    /// <returns>Whether it was changed.</returns>
    private Task<bool> ChangeAsync(Func<MembershipDocument, MembershipDocument?> change) => UnderLockAsync(OwnPath, path =>
    {
        if (change(MembershipFile.Read(path)) is not { } changed) return false;
        // Always the same name, so a silo that dies here leaves nothing that stays.
        var temporary = path + DurableFile.TemporarySuffix;
        File.WriteAllBytes(temporary, MembershipFile.Write(changed));
        File.Move(temporary, path, overwrite: true);
        return true;
    });

    private async Task<bool> UnderLockAsync(string path, Func<string, bool> work)
    {
        try
        {
            return await Task.Run(async () =>
            {
                DurableFile.CreateDirectory(Path.GetDirectoryName(path)!);
                using var held = await DirectoryLock.TakeAsync(path + ".lock").ConfigureAwait(false);
                return work(path);
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root.Value, e);
        }
    }

    private async Task<MembershipTableData> ReadAsync(Func<MembershipRow, bool> wanted)
    {
        try
        {
            return await Task.Run(() => MembershipRows.ToData(MembershipFile.Read(OwnPath), wanted)).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root.Value, e);
        }
    }

    // The first tag of a table is drawn, so that none of a table that was deleted fits the next one.
    private MembershipDocument Renew(MembershipDocument table) => table with
    {
        ServiceId = table.ServiceId ?? cluster.Value.ServiceId,
        Tag = table.Tag == 0 ? Random.Shared.NextInt64(1, 1L << 52) : table.Tag + 1,
    };

    private string PathOf(string clusterId) => MembershipFile.PathOf(_root.Value, clusterId);

    private InvalidOptionsException Foreign(string other) => new("Orleans:ServiceId", cluster.Value.ServiceId,
        $"the cluster '{cluster.Value.ClusterId}' in {_root.Value} is of service '{other}'; set the same here, set another Orleans:ClusterId, " +
        $"or, if no silo of it is left, delete {OwnPath}.");
}
