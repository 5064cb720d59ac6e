using Microsoft.Extensions.Configuration;

namespace OrleansPs.Silo.Tests;

public sealed class SiloConfigurationTests
{
    private static readonly ProviderCatalog Providers = new(
    [
        ("Clustering", "Directory"), ("Clustering", "Redis"), ("GrainStorage", "Directory"), ("GrainStorage", "Memory"), ("GrainStorage", "Default"),
    ]);

    [Fact]
    public void The_settings_that_come_with_the_silo_are_right() => Assert.Empty(Check());

    [Theory]
    [InlineData("Orleans:ClusterId", "", "Orleans:ClusterId is not set; all silos and clients of a cluster need the same one.")]
    [InlineData("Orleans:ServiceId", " ", "Orleans:ServiceId is not set; all silos and clients of a cluster need the same one.")]
    [InlineData("Orleans:Endpoints:SiloPort", "65536",
        "Orleans:Endpoints:SiloPort is '65536'; it must be a port, 0 to 65535, where 0 means any free one.")]
    [InlineData("Orleans:Endpoints:GatewayPort", "-1",
        "Orleans:Endpoints:GatewayPort is '-1'; it must be a port, 0 to 65535, where 0 means any free one.")]
    [InlineData("Orleans:Endpoints:GatewayPort", "11111", "Orleans:Endpoints:SiloPort and Orleans:Endpoints:GatewayPort are both 11111; they must differ.")]
    [InlineData("Orleans:Endpoints:AdvertisedIPAddress", "0.0.0.0",
        "Orleans:Endpoints:AdvertisedIPAddress is '0.0.0.0'; it must be an IP address that other silos and clients can reach.")]
    [InlineData("Orleans:Endpoints:AdvertisedIPAddress", "silo-1",
        "Orleans:Endpoints:AdvertisedIPAddress is 'silo-1'; it must be an IP address that other silos and clients can reach.")]
    [InlineData("Orleans:Endpoints:SiloListeningEndpoint", "any",
        "Orleans:Endpoints:SiloListeningEndpoint is 'any'; it must be an IP address and a port, such as 0.0.0.0:11111.")]
    [InlineData("Urls", "http://127.0.0.1:8080;8081", "Urls has '8081'; it must be an address such as http://127.0.0.1:8080.")]
    [InlineData("OrleansPs:DrainTimeout", "30s", "OrleansPs:DrainTimeout is '30s'; it must be 00:00:00 to 01:00:00.")]
    [InlineData("OrleansPs:StartTimeout", "00:00:00", "OrleansPs:StartTimeout is '00:00:00'; it must be 00:00:01 to 01:00:00.")]
    [InlineData("OrleansPs:WatchPeers", "yes", "OrleansPs:WatchPeers is 'yes'; it must be true or false.")]
    [InlineData("Orleans:Clustering:ProviderType", "", "No clustering is configured; set Orleans:Clustering:ProviderType to one of: Directory, Redis.")]
    [InlineData("Orleans:Clustering:ProviderType", "redis",
        "Orleans:Clustering:ProviderType is 'redis', which no package of this build provides; it has: Directory, Redis.")]
    [InlineData("Orleans:GrainStorage:OrleansPs:ProviderType", "",
        "The grain storage 'OrleansPs' is not configured; set Orleans:GrainStorage:OrleansPs:ProviderType to one of: Directory, Memory.")]
    [InlineData("Orleans:GrainStorage:OrleansPs:ProviderType", "AzureBlobStorage",
        "Orleans:GrainStorage:OrleansPs:ProviderType is 'AzureBlobStorage', which no package of this build provides; it has: Directory, Memory.")]
    [InlineData("OrleansPs:StorageName", "Models",
        "The grain storage 'Models' is not configured; set Orleans:GrainStorage:Models:ProviderType to one of: Directory, Memory.")]
    [InlineData("Orleans:Clustering:ProviderType", "Redis",
        "Orleans:GrainStorage:OrleansPs:ProviderType is Directory, but a cluster by Redis may span several machines: " +
        "if all of them see this directory, set OrleansPs:SharedDirectory to true, otherwise choose another storage.")]
    public void A_mistake_is_told_in_one_sentence(string key, string value, string sentence) => Assert.Equal([sentence], Check((key, value)));

    [Fact]
    public void A_directory_that_all_machines_see_is_declared() =>
        Assert.Empty(Check(("Orleans:Clustering:ProviderType", "Redis"), ("OrleansPs:SharedDirectory", "true")));

    [Fact]
    public void A_declaration_that_says_no_declares_nothing() =>
        Assert.Single(Check(("Orleans:Clustering:ProviderType", "Redis"), ("OrleansPs:SharedDirectory", "false")));

    [Fact]
    public void Another_storage_goes_with_any_clustering() => Assert.Empty(
        Check(("Orleans:Clustering:ProviderType", "Redis"), ("Orleans:GrainStorage:OrleansPs:ProviderType", "Memory")));

    [Fact]
    public void Two_ports_that_are_to_be_chosen_are_not_the_same_one() =>
        Assert.Empty(Check(("Orleans:Endpoints:SiloPort", "0"), ("Orleans:Endpoints:GatewayPort", "0")));

    [Fact]
    public void Every_mistake_is_told() =>
        Assert.Equal(2, Check(("Orleans:Clustering:ProviderType", "Consul"), ("Orleans:Endpoints:SiloPort", "x")).Count);

    private static IReadOnlyList<string> Check(params (string Key, string Value)[] changes) =>
        SiloConfiguration.Check(Settings.With(changes), Providers);
}
