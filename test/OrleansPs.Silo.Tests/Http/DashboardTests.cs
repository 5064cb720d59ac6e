using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace OrleansPs.Silo.Tests;

/// <summary>Who sees the dashboard.</summary>
public sealed class DashboardTests
{
    private const string Key = "a key: with a colon";

    [UnixFact]
    public async Task Without_a_key_it_is_off_and_the_log_says_how_to_switch_it_on()
    {
        await using var silo = await SiloProcess.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(silo, "/dashboard"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(silo, "/dashboard/ClusterStats"));
        await silo.TerminateAsync();
        Assert.Contains("The dashboard is off; set Dashboard:Key to serve it at /dashboard to those who know the key.", silo.Output);
    }

    [Fact]
    public async Task In_development_everybody_sees_it()
    {
        await using var silo = await SiloProcess.StartAsync(new() { Environment = "Development" });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/dashboard/"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/dashboard/DashboardCounters"));
    }

    [Fact]
    public async Task With_a_key_those_who_know_it_see_it()
    {
        await using var silo = await SiloProcess.StartAsync(new() { Configuration = new Dictionary<string, string> { ["Dashboard:Key"] = Key } });
        foreach (var path in new[] { "/dashboard", "/dashboard/", "/dashboard/index.min.js", "/dashboard/ClusterStats", "/dashboard/Trace" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(silo, path));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(silo, path, new("Bearer", Key + "x")));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(silo, path, Basic("", "")));
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/dashboard/", new("Bearer", Key)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/dashboard/ClusterStats", Basic("anybody", Key)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(silo, "/health/ready"));
        using var asked = await silo.Http.GetAsync(new Uri("/dashboard/", UriKind.Relative));
        Assert.Equal(["Basic", "Bearer"], asked.Headers.WwwAuthenticate.Select(way => way.Scheme));
    }

    [UnixFact]
    public async Task An_open_log_stream_holds_up_no_shutdown()
    {
        await using var silo = await SiloProcess.StartAsync(new() { Environment = "Development" });
        using var stream = await silo.Http.GetAsync(new Uri("/dashboard/Trace", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        var end = silo.TerminateAsync();
        Assert.Same(end, await Task.WhenAny(end, Task.Delay(TimeSpan.FromSeconds(30)))); // Kestrel alone would wait 45 s.
        Assert.Equal(0, await end);
    }

    [Fact]
    public async Task Every_route_of_the_dashboard_asks_for_the_key_and_no_other_one()
    {
        var builder = SiloHost.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Orleans:Clustering:ProviderType"] = "Development",
            ["Orleans:GrainStorage:OrleansPs:ProviderType"] = "Memory",
            ["Dashboard:Key"] = Key,
        });
        await using var app = SiloHost.Build(builder, new());
        var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .ToLookup(route => route.Metadata.GetMetadata<IAuthorizeData>() is not null, route => route.RoutePattern.RawText);
        Assert.Equal(["/health/live", "/health/ready"], routes[false].Order());
        Assert.All(routes[true], route => Assert.StartsWith("/dashboard", route));
        Assert.Contains("/dashboard/GrainState", routes[true]);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("Bearer", null)]
    [InlineData("Bearer abc", "abc")]
    [InlineData("bearer abc", "abc")]
    [InlineData("Digest abc", null)]
    [InlineData("Basic abc!", null)]
    [InlineData("Basic dXNlcg==", null)]
    [InlineData("Basic dXNlcjpwYXNzOndvcmQ=", "pass:word")]
    public void The_key_is_read_from_the_header(string header, string? key) => Assert.Equal(key, DashboardKeyHandler.Given(header));

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static async Task<HttpStatusCode> StatusAsync(SiloProcess silo, string path, AuthenticationHeaderValue? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = key;
        using var response = await silo.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }
}
