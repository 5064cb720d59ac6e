using System.Net;
using System.Net.Sockets;
using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests;

/// <summary>The executable from start to end.</summary>
public sealed class SiloProcessTests
{
    [UnixFact]
    public async Task A_silo_answers_says_where_it_listens_and_ends_when_told()
    {
        await using var silo = await SiloProcess.StartAsync();
        Assert.Equal("Healthy", await silo.Http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.Equal("silo: Healthy\nstorage: Healthy", await silo.Http.GetStringAsync(new Uri("/health/ready", UriKind.Relative)));
        Assert.Equal(0, await silo.TerminateAsync());
        Assert.Contains($"silo on 127.0.0.1:{silo.Settings.SiloPort}, gateway on 127.0.0.1:{silo.Settings.GatewayPort}, " +
            $"http on http://127.0.0.1:{silo.Settings.HttpPort}.", silo.Output);
        Assert.Equal("", silo.Error);
    }

    [Fact]
    public async Task A_killed_silo_says_nothing_more()
    {
        await using var silo = await SiloProcess.StartAsync();
        await silo.KillAsync();
        Assert.True(silo.HasExited);
        Assert.False(await silo.IsReadyAsync());
    }

    [Fact]
    public async Task A_second_silo_on_the_same_ports_ends_with_one_sentence()
    {
        await using var first = await SiloProcess.StartAsync();
        await using var second = SiloProcess.Launch(first.Settings);
        Assert.Equal(1, await second.ExitAsync());
        Assert.Equal($"silo: Ports {first.Settings.SiloPort} (Orleans:Endpoints:SiloPort), {first.Settings.GatewayPort} (Orleans:Endpoints:GatewayPort), " +
            $"{first.Settings.HttpPort} (Urls) are in use, perhaps by another silo; change them, or set them to 0 for any free ones.", second.Error);
        Assert.Equal("", second.Output);
    }

    [Fact]
    public async Task A_mistake_in_the_configuration_ends_it_with_one_sentence()
    {
        await using var silo = SiloProcess.Launch(new() { Configuration = Of(("Orleans:Clustering:ProviderType", "Consul")) });
        Assert.Equal(1, await silo.ExitAsync());
        Assert.StartsWith("silo: Orleans:Clustering:ProviderType is 'Consul', which no package of this build provides; it has: ", silo.Error);
        Assert.DoesNotContain('\n', silo.Error);
    }

    [Fact]
    public async Task Arguments_are_refused()
    {
        await using var silo = SiloProcess.Launch(null, "--help");
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Equal("silo: The silo takes no arguments: it is set up by appsettings.json and environment variables.", silo.Error);
    }

    [CloudProvidersFact]
    public async Task Clustering_that_is_down_is_told_in_one_sentence()
    {
        await using var silo = SiloProcess.Launch(new()
        {
            Configuration = Of(("Orleans:Clustering:ProviderType", "Redis"), ("Orleans:Clustering:ConnectionString", $"127.0.0.1:{Ports.Free(1)[0]}")),
        });
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Equal("silo: The clustering 'Redis' can't be used: It was not possible to connect to the redis server(s) (RedisConnectionException); " +
            "check Orleans:Clustering.", silo.Error);
        Assert.DoesNotContain("   at ", silo.Output);
    }

    [CloudProvidersFact]
    public async Task Storage_that_does_not_answer_is_told_in_one_sentence()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var silo = SiloProcess.Launch(new()
        {
            Configuration = Of(
                ("Orleans:GrainStorage:OrleansPs:ProviderType", "AzureBlobStorage"),
                ("Orleans:GrainStorage:OrleansPs:ConnectionString", Blobs(silent)),
                ("OrleansPs:StartTimeout", "00:00:03")),
        });
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Equal("silo: The grain storage 'OrleansPs' (AzureBlobStorage) can't be used: no answer within 3 s (OrleansPs:StartTimeout); " +
            "check Orleans:GrainStorage:OrleansPs.", silo.Error);
        Assert.DoesNotContain("   at ", silo.Output);
    }

    [CloudProvidersFact]
    public async Task A_silo_that_waits_for_its_storage_ends_when_told()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var silo = SiloProcess.Launch(new()
        {
            Configuration = Of(
                ("Orleans:GrainStorage:OrleansPs:ProviderType", "AzureBlobStorage"), ("Orleans:GrainStorage:OrleansPs:ConnectionString", Blobs(silent))),
        });
        using (await silent.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromMinutes(1)))
        {
            Assert.Equal(0, await silo.TerminateAsync());
        }

        Assert.Equal("", silo.Error);
    }

    private static string Blobs(TcpListener at) => $"AccountName=nobody;AccountKey=bm9ib2R5;BlobEndpoint=http://{at.LocalEndpoint}/nobody";

    private static Dictionary<string, string> Of(params (string Key, string Value)[] keys) => keys.ToDictionary(key => key.Key, key => key.Value);
}
