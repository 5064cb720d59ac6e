using System.Text;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>What a membership table makes of the files it finds, and what clients read of them.</summary>
public sealed class DirectoryMembershipFileTests : IDisposable
{
    private readonly MembershipRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task What_a_killed_silo_left_half_written_is_ignored_and_replaced()
    {
        var table = await _rig.StartAsync();
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());
        var content = await File.ReadAllBytesAsync(_rig.TableFile);
        await File.WriteAllBytesAsync(_rig.TableFile + ".tmp", content.AsMemory(0, content.Length / 2));

        Assert.Single((await (await _rig.StartAsync()).ReadAll()).Members);
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());

        Assert.Equal(2, (await table.ReadAll()).Members.Count);
        Assert.Equal(
            [_rig.TableFile, _rig.LockFile], Directory.GetFiles(Path.GetDirectoryName(_rig.TableFile)!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    public async Task A_file_that_a_power_failure_emptied_is_no_table(int zeros)
    {
        await _rig.StartAsync();
        await File.WriteAllBytesAsync(_rig.TableFile, new byte[zeros]);

        var table = await _rig.StartAsync();
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());

        Assert.Single((await table.ReadAll()).Members);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{ "silos": [ { "status": "Active" } ] }""")]
    public async Task A_file_that_is_something_else_is_refused_and_left_alone(string content)
    {
        await _rig.StartAsync();
        await File.WriteAllTextAsync(_rig.TableFile, content);

        var error = await Assert.ThrowsAsync<InvalidOptionsException>(() => _rig.StartAsync());

        Assert.Equal("Orleans:Clustering:Directory", error.Parameter);
        Assert.Contains(_rig.TableFile, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("delete it while no silo runs.", error.Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(_rig.TableFile));
    }

    [Fact]
    public async Task A_silo_of_another_service_is_told_what_to_do()
    {
        var table = await _rig.StartAsync();
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());
        var before = await File.ReadAllTextAsync(_rig.TableFile);

        var error = await Assert.ThrowsAsync<InvalidOptionsException>(() => _rig.StartAsync(serviceId: "s2"));

        Assert.Equal(
            $"Orleans:ServiceId is 's2': the cluster 'c1' in {_rig.Root} is of service 's1'; set the same here, set another Orleans:ClusterId, " +
            $"or, if no silo of it is left, delete {_rig.TableFile}.", error.Message);
        Assert.Equal(before, await File.ReadAllTextAsync(_rig.TableFile));
        await _rig.StartAsync();
    }

    [Fact]
    public async Task A_table_that_went_while_silos_ran_keeps_the_service()
    {
        var table = await _rig.StartAsync();
        File.Delete(_rig.TableFile);

        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo());

        await Assert.ThrowsAsync<InvalidOptionsException>(() => _rig.StartAsync(serviceId: "s2"));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_is_named_in_one_sentence()
    {
        var file = Path.Combine(_rig.Root, "file");
        await File.WriteAllTextAsync(file, "");
        var table = MembershipRig.Open(Path.Combine(file, "below"), "c1", "s1");

        var error = await Assert.ThrowsAsync<SnapshotStorageException>(() => table.InitializeMembershipTable(true));

        Assert.False(error.IsTransient);
        Assert.Contains($"'{file}' is a file", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task Clients_hear_of_active_silos_with_a_gateway()
    {
        var table = await _rig.StartAsync();
        var (active, hidden) = (MembershipRig.NewSilo(SiloStatus.Active), MembershipRig.NewSilo(SiloStatus.Active));
        hidden.ProxyPort = 0;
        foreach (var silo in new[] { active, hidden, MembershipRig.NewSilo(SiloStatus.Joining), MembershipRig.NewSilo(SiloStatus.Dead) })
            await MembershipRig.InsertAsync(table, silo);
        var gateways = _rig.OpenGateways();
        await gateways.InitializeGatewayListProvider();

        var uri = Assert.Single(await gateways.GetGateways());
        Assert.Equal(SiloAddress.New(active.SiloAddress.Endpoint.Address, 30000, active.SiloAddress.Generation).ToGatewayUri(), uri);

        await MembershipRig.UpdateAsync(table, active, silo => silo.Status = SiloStatus.ShuttingDown);
        Assert.Empty(await gateways.GetGateways());
        Assert.True(gateways.IsUpdatable);
        Assert.Equal(TimeSpan.FromSeconds(1), gateways.MaxStaleness);
    }

    [Fact]
    public async Task Clients_read_while_a_silo_holds_the_lock()
    {
        var table = await _rig.StartAsync();
        await MembershipRig.InsertAsync(table, MembershipRig.NewSilo(SiloStatus.Active));
        var gateways = _rig.OpenGateways();
        await gateways.InitializeGatewayListProvider();
        using var held = await DirectoryLock.TakeAsync(_rig.LockFile);

        Assert.Single(await gateways.GetGateways());
        Assert.Single((await table.ReadAll()).Members);
    }

    [Fact]
    public async Task A_client_that_comes_before_all_silos_hears_of_nobody_and_makes_nothing()
    {
        var gateways = _rig.OpenGateways();
        await gateways.InitializeGatewayListProvider();

        Assert.Empty(await gateways.GetGateways());
        Assert.Empty(Directory.GetFileSystemEntries(_rig.Root));
    }

    [Fact]
    public void The_file_can_be_read_by_a_person()
    {
        var row = new MembershipRow { Address = "127.0.0.1:11111@1", Status = SiloStatus.Active, Tag = 5 };

        var text = Encoding.UTF8.GetString(MembershipFile.Write(new() { ServiceId = "s1", Version = 2, Tag = 5, Silos = [row] }));

        Assert.Contains("\"status\": \"Active\"", text, StringComparison.Ordinal);
        Assert.Contains("\"serviceId\": \"s1\"", text, StringComparison.Ordinal);
    }
}
