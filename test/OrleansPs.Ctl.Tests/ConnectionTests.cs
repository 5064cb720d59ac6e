using System.Diagnostics;
using OrleansPs.Tools;
using OrleansPs.Training.Tests;

namespace OrleansPs.Ctl.Tests;

/// <summary>Which cluster the program connects to, and what it says where there is none.</summary>
public sealed class ConnectionTests : IDisposable
{
    private const string ClusterId = "Orleans:ClusterId";
    private const string Type = "Orleans:Clustering:ProviderType";
    private const string Directory = "Orleans:Clustering:Directory";
    private readonly TempDirectory _current = new();

    public void Dispose() => _current.Dispose();

    [Fact]
    public void Without_settings_it_is_the_cluster_of_the_silos_own_defaults()
    {
        var settings = new ConnectionSettings().ToConfiguration(_current.Path);
        Assert.Equal(("orleansps", "orleansps"), (settings[ClusterId], settings["Orleans:ServiceId"]));
        Assert.Equal(("Directory", "~/.orleansps"), (settings[Type], settings[Directory]));
    }

    [Fact]
    public void Options_come_before_the_environment_and_that_before_the_file()
    {
        _current.Write("appsettings.json", """{ "Orleans": { "ClusterId": "file", "ServiceId": "file", "Clustering": { "ProviderType": "Redis" } } }"""u8.ToArray());
        Environment.SetEnvironmentVariable("Orleans__ServiceId", "environment");
        try
        {
            var settings = new ConnectionSettings().ToConfiguration(_current.Path);
            Assert.Equal(("file", "environment", "Redis"), (settings[ClusterId], settings["Orleans:ServiceId"], settings[Type]));
            var given = new ConnectionSettings { ClusterId = "option", ServiceId = "option", Directory = "d" }.ToConfiguration(_current.Path);
            Assert.Equal(("option", "option"), (given[ClusterId], given["Orleans:ServiceId"]));
            Assert.Equal(("Directory", "d"), (given[Type], given[Directory]));
        }
        finally
        {
            Environment.SetEnvironmentVariable("Orleans__ServiceId", null);
        }
    }

    [Fact]
    public void Gateways_leave_no_clustering_to_be_chosen()
    {
        var settings = new ConnectionSettings { Gateways = [new("a", 1)], ClusterId = "c" }.ToConfiguration(_current.Path);
        Assert.Empty(settings.GetSection("Orleans:Clustering").GetChildren());
        Assert.Equal("c", settings[ClusterId]);
    }

    [Fact]
    public async Task The_settings_of_a_silo_will_do()
    {
        _current.Write("appsettings.json", """
            { "Orleans": { "ClusterId": "c", "Endpoints": { "SiloPort": 1 }, "GrainStorage": { "OrleansPs": { "ProviderType": "Directory" } } }, "Other": 1 }
            """u8.ToArray());
        var settings = new ConnectionSettings().ToConfiguration(_current.Path);
        Assert.Equal(["ClusterId", "Clustering", "ServiceId"], settings.GetSection("Orleans").GetChildren().Select(s => s.Key));
        Assert.Equal("1", settings["Other"]);

        var outcome = await RunAsync("silos", "--config", _current.File("appsettings.json"), "--directory", _current.Path, "--connect-timeout", "1");
        Assert.StartsWith("orleansps-ctl: No silo of cluster 'c' answered", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:30000", "localhost", 30000)]
    [InlineData("10.0.0.1:1", "10.0.0.1", 1)]
    [InlineData("[::1]:65535", "::1", 65535)]
    public void A_gateway_is_a_name_or_an_address_and_a_port(string text, string host, int port) =>
        Assert.Equal(new(host, port), GatewayName.Parse(text));

    [Theory]
    [InlineData("localhost")]
    [InlineData(":30000")]
    [InlineData("a:65536")]
    [InlineData("a:-1")]
    [InlineData("::1:1")]
    [InlineData("[a]:1")]
    [InlineData("a b:1")]
    public void Anything_else_is_no_gateway(string text) => Assert.Throws<FormatException>(() => GatewayName.Parse(text));

    [Fact]
    public async Task No_silo_is_one_sentence_within_the_timeout()
    {
        var watch = Stopwatch.StartNew();
        var outcome = await RunAsync("silos", "--gateway", "127.0.0.1:1", "--connect-timeout", "1");
        outcome.AssertFailed(1, "No silo of cluster 'orleansps' answered within 1 s: start one, or check Orleans:ClusterId and " +
            "Orleans:Clustering of this client (Unable to connect to any of the 1 available gateways); it was looked for at 127.0.0.1:1.");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"it took {watch.Elapsed}");
    }

    [Fact]
    public async Task An_empty_directory_is_one_sentence()
    {
        var outcome = await RunAsync("silos", "--directory", _current.Path, "--connect-timeout", "1", "--cluster-id", "c");
        Assert.Equal((1, ""), (outcome.Status, outcome.Output));
        Assert.StartsWith("orleansps-ctl: No silo of cluster 'c' answered within 1 s: ", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith($"; it was looked for in the directory '{_current.Path}'.\n", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, '\n');
    }

    [Fact]
    public async Task A_clustering_that_no_package_provides_is_one_sentence()
    {
        var file = _current.Write("settings.json", """{ "Orleans": { "Clustering": { "ProviderType": "Bogus" } } }"""u8.ToArray());
        (await RunAsync("silos", "--config", file)).AssertFailed(1,
            "The cluster can't be reached: Could not find Clustering provider named 'Bogus' (InvalidOperationException); " +
            "check Orleans:Clustering, whose ProviderType is 'Bogus'.");
    }

    [Fact]
    public async Task A_file_that_is_missing_or_no_json_is_one_sentence()
    {
        var file = _current.File("settings.json");
        (await RunAsync("silos", "--config", file)).AssertFailed(1, $"{file}: There is no such file.");
        await File.WriteAllTextAsync(file, "{");
        var outcome = await RunAsync("silos", "--config", file);
        Assert.Equal(1, outcome.Status);
        Assert.StartsWith($"orleansps-ctl: {file}: ", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, '\n');
    }

    private static async Task<Outcome> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var status = await CtlApp.RunAsync(arguments, new(TextReader.Null, output, error), default);
        return new(status, output.ToString(), error.ToString());
    }
}
