using System.Globalization;
using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>What an operator gets wrong is one sentence that says what to do.</summary>
public sealed class BadInputTests
{
    [Fact]
    public async Task A_tool_of_another_cluster_says_which_one_it_looked_for()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);
        var gateway = Gateway(cluster);

        var byGateway = await FailAsync("silos", "--gateway", gateway, "--cluster-id", "other", "--connect-timeout", "2");
        var byDirectory = await FailAsync("silos", "--directory", cluster.Directory, "--cluster-id", "other", "--connect-timeout", "1");

        Assert.All([byGateway, byDirectory], line =>
        {
            Assert.Contains("cluster 'other'", line, StringComparison.Ordinal);
            Assert.Contains("Orleans:ClusterId", line, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_tool_of_another_service_says_which_one_the_silos_serve()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);

        var line = await FailAsync("silos", "--gateway", Gateway(cluster), "--service-id", "other");

        Assert.Contains("Orleans:ServiceId is 'other'", line, StringComparison.Ordinal);
        Assert.Contains("serve 'orleansps'", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_none_is_said_to_be_none()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);

        foreach (var command in new[] { "workers", "blocks" })
            Assert.Contains("There is no model 'nobody'.", await FailAsync(command, "nobody", "--directory", cluster.Directory), StringComparison.Ordinal);
        Assert.Contains("There is no model 'nobody'.",
            await FailAsync("models", "delete", "nobody", "--yes", "--directory", cluster.Directory), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_above_the_limit_is_refused_before_it_is_one()
    {
        await using var cluster = await ProcessCluster.StartAsync(
            1, new Dictionary<string, string> { ["Orleans:Messaging:MaxMessageBodySize"] = "1000000" });
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => cluster.Server.CreateModelAsync(
            Ledger.Spec("large", ConsistencyPolicy.Asynchronous, 1, 1), limit.Token));

        Assert.Equal("BlockBytes", e.Parameter);
        Assert.Contains("at most 1000000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Empty(await cluster.Server.ListModelsAsync(limit.Token));
    }

    [Fact]
    public async Task A_replicated_model_on_one_silo_says_that_its_blocks_are_alone()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var spec = Ledger.Spec("replicated", ConsistencyPolicy.Asynchronous, 1, 1, DurabilityPolicy.Replicated());

        await cluster.Server.CreateModelAsync(spec, limit.Token);

        Assert.All(await cluster.Admin.ListBlocksAsync(spec.Name, limit.Token), b => Assert.Null(b.Standby));
    }

    private static string Gateway(ProcessCluster cluster) =>
        string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{cluster.Silos[0].Settings.GatewayPort}");

    private static async Task<string> FailAsync(params string[] arguments)
    {
        using var ctl = ToolProcess.Start("Ctl", arguments);
        Assert.Equal(1, await ctl.ExitAsync());
        return Assert.Single(ctl.Lines);
    }
}
