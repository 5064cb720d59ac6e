using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests;

public sealed class SiloEndpointsTests
{
    [Fact]
    public void All_stays_on_loopback() => Assert.Equal(
        new Dictionary<string, string?>
        {
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans:Endpoints:SiloPort"] = "11111",
            ["Orleans:Endpoints:GatewayPort"] = "30000",
            ["Urls"] = "http://127.0.0.1:8080",
        },
        SiloEndpoints.Complete(Settings.With(), addressComesLater: false));

    [Fact]
    public void What_is_configured_stays()
    {
        var settings = SiloEndpoints.Complete(
            Settings.With(("Orleans:Endpoints:AdvertisedIPAddress", "10.0.0.1"), ("Urls", "http://+:80"), ("Orleans:Endpoints:SiloPort", "5")), false);
        Assert.Equal(["Orleans:Endpoints:GatewayPort", "Orleans:Endpoints:SiloPort"], settings.Keys.Order());
        Assert.Equal("5", settings["Orleans:Endpoints:SiloPort"]);
    }

    [Theory]
    [InlineData("HTTP_PORTS", "8080")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://+:80")]
    public void Http_endpoints_may_be_told_otherwise(string key, string value) =>
        Assert.DoesNotContain("Urls", SiloEndpoints.Complete(Settings.With((key, value)), false));

    [Fact]
    public void In_a_pod_the_address_comes_later() =>
        Assert.DoesNotContain("Orleans:Endpoints:AdvertisedIPAddress", SiloEndpoints.Complete(Settings.With(), addressComesLater: true));

    [Fact]
    public void Free_ports_are_chosen_for_0()
    {
        var settings = SiloEndpoints.Complete(Settings.With(("Orleans:Endpoints:SiloPort", "0"), ("Orleans:Endpoints:GatewayPort", "0")), false);
        Assert.NotEqual("0", settings["Orleans:Endpoints:SiloPort"]);
        Assert.NotEqual("0", settings["Orleans:Endpoints:GatewayPort"]);
        Assert.NotEqual(settings["Orleans:Endpoints:SiloPort"], settings["Orleans:Endpoints:GatewayPort"]);
    }

    [Fact]
    public void One_port_in_use_is_named_with_its_key()
    {
        var ports = Ports.Free(2);
        using var other = Taken(out var taken);
        Assert.Equal([$"Port {taken} (Urls) is in use, perhaps by another silo; change it, or set it to 0 for any free one."],
            SiloEndpoints.CheckFree(On("127.0.0.1", ports[0], ports[1], taken)));
    }

    [Fact]
    public void Several_ports_in_use_are_one_sentence()
    {
        using var first = Taken(out var silo);
        using var second = Taken(out var gateway);
        Assert.Equal(
            [$"Ports {silo} (Orleans:Endpoints:SiloPort), {gateway} (Orleans:Endpoints:GatewayPort) are in use, perhaps by another silo; " +
                "change them, or set them to 0 for any free ones."],
            SiloEndpoints.CheckFree(On("127.0.0.1", silo, gateway, Ports.Free(1)[0])));
    }

    [Fact]
    public void An_address_of_another_machine_is_found()
    {
        var ports = Ports.Free(3);
        var sentences = SiloEndpoints.CheckFree(On("192.0.2.1", ports[0], ports[1], ports[2])).ToArray();
        Assert.Equal(2, sentences.Length);
        Assert.All(sentences, sentence => Assert.Contains("or Orleans:Endpoints:AdvertisedIPAddress", sentence));
    }

    private static Microsoft.Extensions.Configuration.IConfiguration On(string address, int silo, int gateway, int http) => Settings.With(
        ("Orleans:Endpoints:AdvertisedIPAddress", address), ("Orleans:Endpoints:SiloPort", Text(silo)),
        ("Orleans:Endpoints:GatewayPort", Text(gateway)), ("Urls", $"http://127.0.0.1:{http}"));

    private static TcpListener Taken(out int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return listener;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
