using Orleans.Runtime;

namespace OrleansPs.Grains.Tests;

/// <summary>Many that change one membership at once, in threads and in processes.</summary>
public sealed class DirectoryMembershipRaceTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly MembershipRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Of_many_equal_inserts_one_succeeds()
    {
        var (one, two) = (await _rig.StartAsync(), await _rig.StartAsync());
        var next = (await one.ReadAll()).Version.Next();

        var done = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : two).InsertRow(MembershipRig.NewSilo(), next)));

        Assert.Single(done, true);
        Assert.Single((await two.ReadAll()).Members);
    }

    [Fact]
    public async Task Writers_of_two_tables_lose_no_update()
    {
        const int writers = 8, updates = 15;
        var tables = new[] { await _rig.StartAsync(), await _rig.StartAsync() };
        var silo = MembershipRig.NewSilo();
        await MembershipRig.InsertAsync(tables[0], silo);

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < updates; i++)
                await MembershipRig.UpdateAsync(tables[writer % 2], silo, row => row.ProxyPort++);
        }))).WaitAsync(s_limit);

        var data = await tables[1].ReadAll();
        Assert.Equal(1 + (writers * updates), data.Version.Version);
        Assert.Equal(30000 + (writers * updates), Assert.Single(data.Members).Item1.ProxyPort);
    }

    [Fact]
    public async Task All_silos_that_start_at_once_are_in_the_table()
    {
        var tables = new[] { await _rig.StartAsync(), await _rig.StartAsync() };
        var silos = Enumerable.Range(0, 24).Select(_ => MembershipRig.NewSilo()).ToArray();

        await Task.WhenAll(silos.Select((silo, i) => Task.Run(() => MembershipRig.InsertAsync(tables[i % 2], silo)))).WaitAsync(s_limit);

        var data = await tables[0].ReadAll();
        Assert.Equal(silos.Select(s => s.SiloAddress).Order(), data.Members.Select(m => m.Item1.SiloAddress).Order());
        Assert.Equal(silos.Length, data.Version.Version);
        Assert.Equal(silos.Length, data.Members.Select(m => m.Item2).Distinct().Count());
    }

    [Fact]
    public async Task Signs_of_life_and_updates_lose_nothing_of_each_other()
    {
        var (one, two) = (await _rig.StartAsync(), await _rig.StartAsync());
        var (alive, changed) = (MembershipRig.NewSilo(), MembershipRig.NewSilo());
        await MembershipRig.InsertAsync(one, alive);
        await MembershipRig.InsertAsync(one, changed);
        var start = alive.IAmAliveTime;

        var signs = Task.Run(async () =>
        {
            for (var i = 1; i <= 50; i++)
                await one.UpdateIAmAlive(new() { SiloAddress = alive.SiloAddress, IAmAliveTime = start.AddSeconds(i) });
        });
        for (var i = 0; i < 50; i++) await MembershipRig.UpdateAsync(two, changed, row => row.ProxyPort++);
        await signs.WaitAsync(s_limit);

        var data = await one.ReadAll();
        Assert.Equal(start.AddSeconds(50), data.TryGet(alive.SiloAddress)!.Item1.IAmAliveTime);
        Assert.Equal(30050, data.TryGet(changed.SiloAddress)!.Item1.ProxyPort);
    }

    [Fact]
    public async Task A_reader_never_sees_half_a_table()
    {
        var (table, gateways) = (await _rig.StartAsync(), _rig.OpenGateways());
        await gateways.InitializeGatewayListProvider();
        var silo = MembershipRig.NewSilo(SiloStatus.Active);
        await MembershipRig.InsertAsync(table, silo);

        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++) await MembershipRig.UpdateAsync(table, silo, row => row.SiloName = new('x', i * 10));
        });
        while (!writer.IsCompleted) Assert.Single(await gateways.GetGateways());
        await writer.WaitAsync(s_limit);
    }

    [Fact]
    public async Task Who_waits_too_long_for_the_lock_is_told_which()
    {
        await _rig.StartAsync();
        using var held = await DirectoryLock.TakeAsync(_rig.LockFile);

        var error = await Assert.ThrowsAsync<SnapshotStorageException>(
            () => DirectoryLock.TakeAsync(_rig.LockFile, TimeSpan.FromMilliseconds(50)));

        Assert.True(error.IsTransient);
        Assert.Equal($"{_rig.LockFile}: Another silo held this lock for 0.05 s.", error.Message);
    }

    [Fact]
    public async Task Whoever_waits_for_the_lock_goes_on_when_it_is_free()
    {
        var table = await _rig.StartAsync();
        var held = await DirectoryLock.TakeAsync(_rig.LockFile);
        var insert = MembershipRig.InsertAsync(table, MembershipRig.NewSilo());
        Assert.False(insert.IsCompleted);
        Assert.Empty((await table.ReadAll()).Members);

        await held.DisposeAsync();

        await insert.WaitAsync(s_limit);
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task A_process_that_is_killed_while_it_writes_leaves_a_table_that_others_write()
    {
        var table = await _rig.StartAsync();
        for (var round = 0; round < 3; round++)
        {
            var silo = MembershipRig.NewSilo();
            await MembershipRig.InsertAsync(table, silo);
            using var child = ChildProcess.Start("membership", _rig.Root, MembershipRig.ClusterId, "s1", silo.SiloAddress.ToParsableString());
            await PollAsync(async () => (await PortOf(table, silo)) > 30020);

            child.Kill(entireProcessTree: true);
            await child.WaitForExitAsync().WaitAsync(s_limit);

            var port = await PortOf(table, silo);
            await MembershipRig.UpdateAsync(table, silo, row => row.ProxyPort++);
            Assert.Equal(port + 1, await PortOf(table, silo));
        }
    }

    [Fact]
    public async Task Processes_lose_no_update_of_each_other()
    {
        const int mine = 100;
        var table = await _rig.StartAsync();
        var silo = MembershipRig.NewSilo();
        await MembershipRig.InsertAsync(table, silo);
        using var child = ChildProcess.Start("membership", _rig.Root, MembershipRig.ClusterId, "s1", silo.SiloAddress.ToParsableString(), "200");
        await PollAsync(async () => (await PortOf(table, silo)) > 30000);

        for (var i = 0; i < mine; i++) await MembershipRig.UpdateAsync(table, silo, row => row.ProxyPort++);
        await child.WaitForExitAsync().WaitAsync(s_limit);

        Assert.Equal(0, child.ExitCode);
        Assert.Equal(30000 + mine + 200, await PortOf(table, silo));
        Assert.Equal(1 + mine + 200, (await table.ReadAll()).Version.Version);
    }

    private static async Task<int> PortOf(DirectoryMembershipTable table, MembershipEntry silo) =>
        (await table.ReadRow(silo.SiloAddress)).Members.Single().Item1.ProxyPort;

    private static async Task PollAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (!await condition()) await Task.Delay(5, limit.Token);
    }
}
