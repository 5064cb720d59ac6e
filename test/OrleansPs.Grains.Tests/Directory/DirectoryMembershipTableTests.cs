using Orleans.Runtime;

namespace OrleansPs.Grains.Tests;

/// <summary>What Orleans asks of every membership table.</summary>
public sealed class DirectoryMembershipTableTests : IDisposable
{
    private readonly MembershipRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_new_table_is_empty_and_has_version_0()
    {
        var data = await (await _rig.StartAsync()).ReadAll();

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
        Assert.NotEmpty(data.Version.VersionEtag);
    }

    [Fact]
    public async Task What_is_inserted_is_read_back_whole()
    {
        var table = await _rig.StartAsync();
        var silo = MembershipRig.NewSilo(SiloStatus.Active);
        silo.RoleName = "role";
        silo.UpdateZone = 3;
        silo.FaultZone = 4;
        silo.SuspectTimes = [Tuple.Create(MembershipRig.NewSilo().SiloAddress, silo.StartTime.AddSeconds(1))];

        Assert.True(await table.InsertRow(silo, (await table.ReadAll()).Version.Next()));

        foreach (var data in new[] { await table.ReadAll(), await table.ReadRow(silo.SiloAddress), await (await _rig.StartAsync()).ReadAll() })
        {
            Assert.Equal(1, data.Version.Version);
            var (entry, etag) = Assert.Single(data.Members);
            Assert.NotEmpty(etag);
            Assert.Equal(silo.ToFullString(), entry.ToFullString());
            Assert.Equal(
                (silo.SiloAddress, silo.Status, silo.ProxyPort, silo.HostName, silo.SiloName, silo.RoleName, silo.UpdateZone, silo.FaultZone),
                (entry.SiloAddress, entry.Status, entry.ProxyPort, entry.HostName, entry.SiloName, entry.RoleName, entry.UpdateZone, entry.FaultZone));
            Assert.Equal(silo.SuspectTimes, entry.SuspectTimes);
            Assert.Equal((silo.StartTime, DateTimeKind.Utc), (entry.StartTime, entry.StartTime.Kind));
        }
    }

    [Fact]
    public async Task A_row_of_another_silo_is_not_read()
    {
        var table = await _rig.StartAsync();
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());

        var data = await table.ReadRow(MembershipRig.NewSilo().SiloAddress);

        Assert.Empty(data.Members);
        Assert.Equal(1, data.Version.Version);
    }

    [Fact]
    public async Task A_row_is_inserted_once()
    {
        var table = await _rig.StartAsync();
        var silo = MembershipRig.NewSilo();
        await MembershipRig.InsertAsync(table, silo);

        Assert.False(await table.InsertRow(silo, (await table.ReadAll()).Version.Next()));
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task An_insert_over_an_old_version_is_refused()
    {
        var table = await _rig.StartAsync();
        var old = (await table.ReadAll()).Version.Next();
        Assert.True(await table.InsertRow(MembershipRig.NewSilo(), old));

        Assert.False(await table.InsertRow(MembershipRig.NewSilo(), old));
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task An_update_needs_the_newest_version_and_the_rows_newest_tag()
    {
        var table = await _rig.StartAsync();
        var (silo, other) = (MembershipRig.NewSilo(), MembershipRig.NewSilo());
        await MembershipRig.InsertAsync(table, silo);
        var before = await table.ReadAll();
        await MembershipRig.InsertAsync(table, other);
        var tag = before.TryGet(silo.SiloAddress)!.Item2;
        silo.Status = SiloStatus.Active;

        Assert.False(await table.UpdateRow(silo, tag, before.Version.Next()));
        Assert.True(await table.UpdateRow(silo, tag, (await table.ReadAll()).Version.Next()));
        Assert.False(await table.UpdateRow(silo, tag, (await table.ReadAll()).Version.Next()));

        var after = await table.ReadAll();
        Assert.Equal(3, after.Version.Version);
        Assert.Equal(SiloStatus.Active, after.TryGet(silo.SiloAddress)!.Item1.Status);
        Assert.Equal(SiloStatus.Joining, after.TryGet(other.SiloAddress)!.Item1.Status);
        Assert.NotEqual(tag, after.TryGet(silo.SiloAddress)!.Item2);
    }

    [Fact]
    public async Task What_is_refused_leaves_the_file_as_it_was()
    {
        var table = await _rig.StartAsync();
        var silo = MembershipRig.NewSilo();
        var empty = (await table.ReadAll()).Version.Next();
        await MembershipRig.InsertAsync(table, silo);
        var data = await table.ReadAll();
        var before = await File.ReadAllBytesAsync(_rig.TableFile);

        Assert.False(await table.InsertRow(MembershipRig.NewSilo(), empty));
        Assert.False(await table.InsertRow(silo, data.Version.Next()));
        Assert.False(await table.UpdateRow(silo, data.Members[0].Item2, empty));
        Assert.False(await table.UpdateRow(silo, "0", data.Version.Next()));

        Assert.Equal(before, await File.ReadAllBytesAsync(_rig.TableFile));
    }

    [Fact]
    public async Task A_row_that_is_not_there_is_not_updated()
    {
        var table = await _rig.StartAsync();
        var data = await table.ReadAll();

        Assert.False(await table.UpdateRow(MembershipRig.NewSilo(), data.Version.VersionEtag, data.Version.Next()));
        Assert.Empty((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task A_sign_of_life_changes_the_time_and_nobodys_tag()
    {
        var table = await _rig.StartAsync();
        var silo = MembershipRig.NewSilo(SiloStatus.Active);
        await MembershipRig.InsertAsync(table, silo);
        var before = await table.ReadAll();
        var time = silo.IAmAliveTime.AddMinutes(7);

        await table.UpdateIAmAlive(new() { SiloAddress = silo.SiloAddress, IAmAliveTime = time });

        var after = await table.ReadAll();
        var (row, tag) = Assert.Single(after.Members);
        Assert.Equal((time, SiloStatus.Active, silo.StartTime), (row.IAmAliveTime, row.Status, row.StartTime));
        Assert.Equal(before.Members[0].Item2, tag);
        Assert.Equal(before.Version, after.Version);
        Assert.True(await table.UpdateRow(row, tag, before.Version.Next()));
    }

    [Fact]
    public async Task A_sign_of_life_of_nobody_changes_nothing()
    {
        var table = await _rig.StartAsync();

        await table.UpdateIAmAlive(MembershipRig.NewSilo());

        Assert.Empty((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task Clean_up_leaves_active_silos_and_those_with_a_recent_sign()
    {
        var table = await _rig.StartAsync();
        var suspected = MembershipRig.NewSilo(SiloStatus.Dead, daysAgo: 10);
        suspected.SuspectTimes = [Tuple.Create(MembershipRig.NewSilo().SiloAddress, suspected.StartTime.AddDays(9))];
        MembershipEntry[] kept = [MembershipRig.NewSilo(SiloStatus.Active, daysAgo: 10), MembershipRig.NewSilo(SiloStatus.Dead), suspected];
        foreach (var silo in kept) await MembershipRig.InsertAsync(table, silo);
        foreach (var status in Enum.GetValues<SiloStatus>().Where(s => s != SiloStatus.Active))
            await MembershipRig.InsertAsync(table, MembershipRig.NewSilo(status, daysAgo: 10));
        var version = (await table.ReadAll()).Version.Version;

        await table.CleanupDefunctSiloEntries(kept[1].StartTime.AddDays(-5));

        var after = await table.ReadAll();
        Assert.Equal(kept.Select(s => s.SiloAddress).Order(), after.Members.Select(m => m.Item1.SiloAddress).Order());
        Assert.Equal(version, after.Version.Version);
    }

    [Fact]
    public async Task A_deleted_table_is_empty_and_takes_no_tag_of_its_predecessor()
    {
        var table = await _rig.StartAsync();
        var old = (await table.ReadAll()).Version.Next();

        await table.DeleteMembershipTableEntries(MembershipRig.ClusterId);

        Assert.False(File.Exists(_rig.TableFile));
        await table.InitializeMembershipTable(true);
        Assert.False(await table.InsertRow(MembershipRig.NewSilo(), old));
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());
    }

    [Fact]
    public async Task Clusters_in_one_directory_know_nothing_of_each_other()
    {
        var (one, two) = (await _rig.StartAsync("c1"), await _rig.StartAsync("C1", "another service"));

        await MembershipRig.InsertAsync(one, MembershipRig.NewSilo());
        await two.DeleteMembershipTableEntries("C1");

        Assert.Single((await one.ReadAll()).Members);
        Assert.Empty((await two.ReadAll()).Members);
    }
}
