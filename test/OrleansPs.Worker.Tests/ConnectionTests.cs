using System.Globalization;

namespace OrleansPs.Worker.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_cluster_that_can_not_be_reached_is_one_sentence()
    {
        await using var bench = await Bench.StartAsync();
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using var error = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };

        var status = await WorkerApp.RunAsync(
            [.. bench.Small, "--rank", "0", "--gateway", "127.0.0.1:1", "--connect-timeout", "1"], new(output, error, _ => null), default);

        var outcome = new Outcome(status, output.ToString(), error.ToString());
        outcome.AssertFailed(1,
            "No silo of cluster 'orleansps' answered within 1 s: start one, or check Orleans:ClusterId and " +
            "Orleans:Clustering of this client (Unable to connect to any of the 1 available gateways); it was looked for at 127.0.0.1:1.");
        Assert.Empty(outcome.Output);
    }
}
