using System.Globalization;
using System.Text.RegularExpressions;
using OrleansPs.Conformance;
using OrleansPs.Training.Tests;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Two silos and four workers, each a process of its own, train the same model as one process does.</summary>
public sealed partial class WorkerTests : IDisposable
{
    private const int Workers = 4;
    private const int Images = 960;

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));
    private readonly TempDirectory _directory = new();

    public WorkerTests()
    {
        Directory.CreateDirectory(Data);
        Idx.WriteDataSet(Data, Images, test: 100);
    }

    private string Data => File("data");

    private CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task BSP_on_a_cluster_ends_with_the_bits_of_one_process()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var (one, many) = (File("one"), File("many"));
        await ToolProcess.RunAsync("Train", [.. Job("bsp"), "--report", File("report.html"), "--export", one]);

        var workers = StartAll(cluster, "bsp", "--export", many);
        foreach (var worker in workers) await worker.SucceedAsync();

        Assert.Equal(await System.IO.File.ReadAllBytesAsync(one, Limit), await System.IO.File.ReadAllBytesAsync(many, Limit));
        Assert.Contains(workers[0].Lines, l => l.StartsWith("test accuracy ", StringComparison.Ordinal));
        var blocks = await cluster.Admin.ListBlocksAsync("fashion-mnist", Limit);
        Assert.True(blocks.Select(b => b.Silo).Distinct().Count() == 2, string.Join('\n', blocks));
        foreach (var worker in workers) worker.Dispose();
    }

    [Theory]
    [InlineData("ssp", 2)]
    [InlineData("asp", int.MaxValue)]
    public async Task SSP_and_ASP_on_a_cluster_keep_their_bound(string mode, int bound)
    {
        await using var cluster = await ProcessCluster.StartAsync(2);

        var workers = StartAll(cluster, mode, mode == "ssp" ? ["--staleness", "2"] : []);
        foreach (var worker in workers) await worker.SucceedAsync();

        foreach (var worker in workers)
        {
            var staleness = int.Parse(Staleness().Match(worker.Lines.Last(l => Staleness().IsMatch(l))).Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.InRange(staleness, 0, bound);
            worker.Dispose();
        }
        var status = await cluster.Server.GetStatusAsync("fashion-mnist", Limit);
        Assert.All(status.Workers, w => Assert.Equal(Images / Workers / 4 * 8, w.Cursor));
    }

    [Theory]
    [InlineData("bsp")]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task When_a_worker_is_killed_the_others_go_on_and_a_successor_takes_its_place_up(string mode)
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var workers = StartAll(cluster, mode, "--lease", "2", "--epochs", "400");
        await UntilAsync(cluster, s => s.Workers.All(w => w.Step > 10));

        await workers[2].KillAsync();
        await UntilAsync(cluster, s => s.Workers.Single(w => w.Rank == 2).Status == WorkerStatus.Evicted);
        var left = (await cluster.Server.GetStatusAsync("fashion-mnist", Limit)).Workers;
        await UntilAsync(cluster, s => s.Workers.Where(w => w.Rank != 2).All(w => w.Step > left.Single(l => l.Rank == w.Rank).Step + 5));
        using var successor = Start(cluster, 2, mode, "--lease", "2", "--epochs", "400");
        await UntilAsync(cluster, s => s.Workers.Single(w => w.Rank == 2) is { Status: WorkerStatus.Live } w && w.Step > left.Single(l => l.Rank == 2).Step + 5);

        var step = left.Single(l => l.Rank == 2).Step;
        Assert.Contains(successor.Lines, l => l.Contains($"joined at step {step}, batch {step} ", StringComparison.Ordinal));
        foreach (var worker in workers) worker.Dispose();
    }

    [Fact]
    public async Task Under_BSP_the_half_step_of_a_killed_worker_leaves_no_trace()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var (one, many) = (File("one"), File("many"));
        await ToolProcess.RunAsync("Train", [.. Job("bsp", "40"), "--report", File("report.html"), "--export", one]);

        // A lease that does not run out: the others wait for the successor, so no round lacks the rank.
        var workers = StartAll(cluster, "bsp", "--lease", "120", "--epochs", "40", "--export", many);
        for (var kills = 1; kills <= 3; kills++)
        {
            await UntilAsync(cluster, s => s.Round > 100 * kills);
            await workers[1].KillAsync();
            workers[1].Dispose();
            workers[1] = Start(cluster, 1, "bsp", "--lease", "120", "--epochs", "40");
        }
        foreach (var worker in workers) await worker.SucceedAsync();

        Assert.Equal(await System.IO.File.ReadAllBytesAsync(one, Limit), await System.IO.File.ReadAllBytesAsync(many, Limit));
        foreach (var worker in workers) worker.Dispose();
    }

    [Fact]
    public async Task A_worker_whose_spec_differs_is_refused_in_one_sentence()
    {
        await using var cluster = await ProcessCluster.StartAsync(1);
        await cluster.Server.CreateModelAsync(Ledger.Spec("fashion-mnist", ConsistencyPolicy.Asynchronous, 4, 1), Limit);

        using var worker = Start(cluster, 0, "bsp");

        Assert.Equal(1, await worker.ExitAsync());
        Assert.StartsWith("worker: The spec of model 'fashion-mnist' differs from the existing one: ", Assert.Single(worker.Lines), StringComparison.Ordinal);
    }

    private ToolProcess[] StartAll(ProcessCluster cluster, string mode, params string[] more) =>
        [.. Enumerable.Range(0, Workers).Select(rank => Start(cluster, rank, mode, rank == 0 ? more : [.. WithoutExport(more)]))];

    private ToolProcess Start(ProcessCluster cluster, int rank, string mode, params string[] more)
    {
        string[] job = Job(mode);
        var at = Array.IndexOf(job, "--epochs");
        if (more.Contains("--epochs")) job = [.. job[..at], .. job[(at + 2)..]];
        return ToolProcess.Start("Worker", [.. job, "--rank", rank.ToString(CultureInfo.InvariantCulture), "--directory", cluster.Directory, .. more]);
    }

    private string[] Job(string mode, string epochs = "8") =>
    [
        "fashion-mnist", "--data", Data, "--workers", "4", "--batch", "4", "--hidden", "40,20", "--block-bytes", "4096",
        "--consistency", mode, "--epochs", epochs,
    ];

    private static IEnumerable<string> WithoutExport(string[] more) =>
        more.Where((argument, i) => argument != "--export" && (i == 0 || more[i - 1] != "--export"));

    private async Task UntilAsync(ProcessCluster cluster, Func<ModelStatus, bool> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            try
            {
                if (holds(await cluster.Server.GetStatusAsync("fashion-mnist", Limit))) return;
            }
            catch (UnknownModelException)
            {
                // No worker has come so far yet.
            }
            await looks.WaitForNextTickAsync(Limit);
        }
    }

    private string File(string name) => Path.Combine(_directory.FullPath, name);

    [GeneratedRegex(@"staleness at most (\d+)$")]
    private static partial Regex Staleness();
}
