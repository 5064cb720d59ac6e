using System.Globalization;
using OrleansPs.Conformance;
using OrleansPs.Training.Tests;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Whole jobs of four worker processes on two silos: with the real data, and with a worker that is missing until the others are done.</summary>
public sealed class WorkerJobTests : IDisposable
{
    private const int Workers = 4;

    // Of each worker: 60 epochs of 15.
    private const int Steps = 60 * 15;

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));
    private readonly TempDirectory _directory = new();

    private CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Dispose();
    }

    [RealDataFact]
    public async Task An_epoch_of_the_real_data_ends_with_the_bits_of_one_process_whoever_exports_them()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        string[] job = ["fashion-mnist", "--data", RealDataFactAttribute.Location, "--epochs", "1"];
        await ToolProcess.RunAsync("Train", [.. job, "--report", File("report.html"), "--export", File("one")]);
        var expected = await System.IO.File.ReadAllBytesAsync(File("one"), Limit);

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async rank =>
        {
            using var worker = Start(cluster, rank, [.. job, "--export", File($"{rank}")]);
            await worker.SucceedAsync();
        }));

        for (var rank = 0; rank < Workers; rank++)
            Assert.Equal(expected, await System.IO.File.ReadAllBytesAsync(File($"{rank}"), Limit));
    }

    [Theory]
    [InlineData("bsp")]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task Workers_that_are_done_wait_for_the_successor_of_a_killed_one_and_then_all_end(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        Idx.WriteDataSet(_directory.FullPath, train: 240, test: 100);
        string[] job =
            ["fashion-mnist", "--data", _directory.FullPath, "--hidden", "12", "--batch", "4", "--epochs", "60", "--consistency", mode, "--lease", "2"];
        var workers = Enumerable.Range(0, Workers).Select(rank => Start(cluster, rank, job)).ToArray();
        await UntilAsync(cluster, s => s.Workers[2].Cursor >= 20);
        await workers[2].KillAsync();
        workers[2].Dispose();

        var status = await UntilAsync(cluster, s => s.Workers.All(
            w => w.Status == (w.Rank == 2 ? WorkerStatus.Evicted : WorkerStatus.OutOfData)));
        Assert.InRange(status.Workers[2].Cursor, 20, Steps - 1);
        workers[2] = Start(cluster, 2, job);
        foreach (var worker in workers) await worker.SucceedAsync();

        Assert.EndsWith($"joined at step {status.Workers[2].Step}, batch {status.Workers[2].Cursor} of its data", workers[2].Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("test accuracy ", workers[0].Lines[^1], StringComparison.Ordinal);
        Assert.All((await cluster.Server.GetStatusAsync("fashion-mnist", Limit)).Workers, w => Assert.Equal(Steps, w.Cursor));
        foreach (var worker in workers) worker.Dispose();
    }

    private static ToolProcess Start(ProcessCluster cluster, int rank, string[] job) =>
        ToolProcess.Start("Worker", [.. job, "--rank", rank.ToString(CultureInfo.InvariantCulture), "--directory", cluster.Directory]);

    private async Task<ModelStatus> UntilAsync(ProcessCluster cluster, Func<ModelStatus, bool> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            try
            {
                if (await cluster.Server.GetStatusAsync("fashion-mnist", Limit) is var status && holds(status)) return status;
            }
            catch (UnknownModelException)
            {
                // No worker has come so far yet.
            }
            await looks.WaitForNextTickAsync(Limit);
        }
    }

    private string File(string name) => Path.Combine(_directory.FullPath, name);
}
