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
