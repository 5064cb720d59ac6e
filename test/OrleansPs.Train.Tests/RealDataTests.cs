using OrleansPs.Embedded;
using OrleansPs.Training;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>Fashion-MNIST itself: what the program is for.</summary>
public sealed class RealDataTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [RealDataFact]
    public async Task Two_epochs_with_the_defaults_reach_85_percent() =>
        Assert.True((await TinyRuns.RunAsync(Arguments("--epochs", "2"))).Succeeded().Accuracy >= 85);

    [RealDataFact]
    public async Task A_training_that_switches_its_mode_three_times_reaches_86_percent()
    {
        var outcome = (await TinyRuns.RunAsync(Arguments("--epochs", "5", "--hidden", "128", "--switch", "ssp:2@1,asp@2,bsp@3"))).Succeeded();

        Assert.True(outcome.Accuracy >= 86, outcome.Output);
        Assert.Equal(["SSP(2)", "ASP", "BSP"], outcome.Lines.Where(l => l.Contains(" in force from epoch ", StringComparison.Ordinal)).Select(l => l.Split(' ')[0]));
    }

    [RealDataTheory]
    [InlineData("int8")]
    [InlineData("topk")]
    public async Task Compression_costs_less_than_half_a_point(string compression)
    {
        string[] options = ["--epochs", "4", "--hidden", "128", "--optimizer", "sgd", "--momentum", "0", "--lr", "0.3"];
        var whole = (await TinyRuns.RunAsync(Arguments(options))).Succeeded();
        var compressed = (await TinyRuns.RunAsync(Arguments([.. options, "--compression", compression]))).Succeeded();

        Assert.True(compressed.Accuracy >= whole.Accuracy - 0.5, $"{compressed.Accuracy} with {compression}, {whole.Accuracy} without");
    }

    [RealDataFact]
    public async Task Every_pull_is_as_the_mode_in_force_has_it_while_the_mode_is_switched()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await using var server = await EmbeddedParameterServer.StartAsync(null, limit.Token);
        using var training = new SwitchedTraining(server, FashionMnist.Load(RealDataFactAttribute.Location), limit.Token);

        var accuracy = await training.RunAsync(mode => server.ChangePolicyAsync(SwitchedTraining.Model, new() { Consistency = mode }, limit.Token));

        Assert.True(accuracy >= 0.86, $"{accuracy}");
    }

    [RealDataFact]
    public async Task A_killed_training_that_is_resumed_ends_with_the_same_parameters()
    {
        var (whole, resumed, snapshots) = (_directory.File("whole"), _directory.File("resumed"), _directory.File("snapshots"));
        (await TinyRuns.RunAsync(Arguments("--epochs", "1", "--export", whole))).Succeeded();
        using (var child = await ChildProcess.StartAndAwaitSnapshotAsync(snapshots, 2, Arguments("--epochs", "1", "--snapshot-every", "40")))
        {
            await child.KillAsync();
        }
        (await TinyRuns.RunAsync(Arguments("--snapshots", snapshots, "--resume", "--export", resumed))).Succeeded();

        Assert.Equal(await File.ReadAllBytesAsync(whole), await File.ReadAllBytesAsync(resumed));
    }

    private string[] Arguments(params string[] options) =>
        ["fashion-mnist", "--data", RealDataFactAttribute.Location, "--report", _directory.File("report.html"), .. options];
}
