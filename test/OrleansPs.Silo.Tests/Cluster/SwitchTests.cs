using OrleansPs.Training;
using OrleansPs.Training.Tests;
using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>One training on two silos whose mode changes three times, once by the operator's tool.</summary>
public sealed class SwitchTests(ITestOutputHelper output)
{
    [RealDataFact]
    public async Task Every_pull_is_as_the_mode_in_force_has_it_while_the_mode_is_switched()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var cluster = await ProcessCluster.StartAsync(2);
        using var training = new SwitchedTraining(cluster.Server, FashionMnist.Load(RealDataFactAttribute.Location), limit.Token);

        var accuracy = await training.RunAsync(mode => mode == ConsistencyPolicy.Asynchronous
            ? ToolProcess.RunAsync("Ctl", "policy", SwitchedTraining.Model, "--consistency", "asp", "--directory", cluster.Directory)
            : cluster.Server.ChangePolicyAsync(SwitchedTraining.Model, new() { Consistency = mode }, limit.Token));

        output.WriteLine($"{accuracy:0.0000}");
        Assert.True(accuracy >= 0.86, $"{accuracy}");
    }
}
