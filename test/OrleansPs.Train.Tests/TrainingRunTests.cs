namespace OrleansPs.Train.Tests;

/// <summary>Whole trainings in each mode, from options to report, on a tiny data set.</summary>
public sealed class TrainingRunTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("bsp", "BSP")]
    [InlineData("ssp", "SSP(3)")]
    [InlineData("asp", "ASP")]
    public async Task A_training_learns_and_ends_with_accuracy_staleness_time_and_report(string consistency, string policy)
    {
        var outcome = (await _runs.TrainAsync("--consistency", consistency, "--epochs", "20", "--lr", "0.01")).Succeeded();

        Assert.Equal("", outcome.Error);
        Assert.True(outcome.Accuracy >= 95, outcome.Output);
        Assert.Contains($"MLP 16-12-10, adam, {policy}, 4 workers, 20 epochs", outcome.Lines);
        Assert.Contains(outcome.Lines, l => l.StartsWith("epoch 20/20 done: test accuracy ", StringComparison.Ordinal));
        Assert.EndsWith($"({policy})", outcome.After("staleness"), StringComparison.Ordinal);
        Assert.EndsWith(" examples/s", outcome.After("time"), StringComparison.Ordinal);
        Assert.Equal(_runs.Report, outcome.After("report"));
        Assert.Contains($"Fashion-MNIST, 4 workers, {policy}", await File.ReadAllTextAsync(_runs.Report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Under_BSP_nobody_is_ahead_though_one_worker_is_slow() =>
        Assert.Equal(0, (await WithSlowRankAsync("--consistency", "bsp")).MaxStaleness);

    [Fact]
    public async Task Under_SSP_staleness_reaches_the_bound_and_never_passes_it() =>
        Assert.Equal(2, (await WithSlowRankAsync("--consistency", "ssp", "--staleness", "2")).MaxStaleness);

    [Fact]
    public async Task Under_ASP_the_fast_run_away_from_the_slow()
    {
        var staleness = (await WithSlowRankAsync("--consistency", "asp")).MaxStaleness;
        Assert.True(staleness > 2, $"{staleness}");
    }

    [Fact]
    public async Task Under_BSP_the_parameters_do_not_depend_on_blocks_and_chance()
    {
        var (first, second) = (_runs.File("first"), _runs.File("second"));
        string[] wide = ["--hidden", "64,64"];
        (await _runs.TrainAsync([.. wide, "--export", first])).Succeeded();
        (await _runs.TrainAsync([.. wide, "--export", second, "--block-bytes", "4096", "--prefetch", "--step-time", "0.5"])).Succeeded();

        Assert.Equal(await File.ReadAllBytesAsync(first), await File.ReadAllBytesAsync(second));
    }

    [Fact]
    public async Task Seeds_make_different_trainings()
    {
        var (first, second) = (_runs.File("first"), _runs.File("second"));
        (await _runs.TrainAsync("--export", first)).Succeeded();
        (await _runs.TrainAsync("--export", second, "--seed", "2")).Succeeded();

        Assert.NotEqual(await File.ReadAllBytesAsync(first), await File.ReadAllBytesAsync(second));
    }

    [Fact]
    public async Task A_training_begins_with_the_parameters_of_an_export()
    {
        var (first, second, third) = (_runs.File("first"), _runs.File("second"), _runs.File("third"));
        (await _runs.TrainAsync("--export", first, "--epochs", "8")).Succeeded();
        (await _runs.TrainAsync("--init", first, "--export", second, "--seed", "2")).Succeeded();
        (await _runs.TrainAsync("--init", first, "--export", third, "--seed", "2", "--snapshots", _runs.File("s"))).Succeeded();
        (await _runs.TrainAsync("--export", first, "--seed", "2")).Succeeded();

        Assert.Equal(await File.ReadAllBytesAsync(second), await File.ReadAllBytesAsync(third));
        Assert.NotEqual(await File.ReadAllBytesAsync(second), await File.ReadAllBytesAsync(first));
        var narrow = await _runs.TrainAsync("--init", first, "--hidden", "11");
        Assert.Equal(1, narrow.Status);
        Assert.Contains("don't match the parameters", narrow.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("adagrad")]
    [InlineData("rmsprop")]
    public async Task Every_optimizer_trains_and_its_options_are_in_the_report(string optimizer)
    {
        (await _runs.TrainAsync("--optimizer", optimizer, "--lr", "0.0123", "--weight-decay", "0.00456")).Succeeded();

        var report = await File.ReadAllTextAsync(_runs.Report);
        Assert.All((string[])[optimizer, "0.0123", "0.00456"], text => Assert.Contains(text, report, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_training_that_is_stopped_ends_with_130_and_without_a_report()
    {
        using var stop = new CancellationTokenSource();
        var running = TinyRuns.RunAsync(_runs.Small("--epochs", "100000"), stop: stop.Token);
        await stop.CancelAsync();
        var outcome = await running;

        Assert.Equal((130, ""), (outcome.Status, outcome.Error));
        Assert.False(File.Exists(_runs.Report));
    }

    [Fact]
    public async Task A_training_never_lowers_the_least_number_of_threads()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(workers + 20, completions + 20);
        (await _runs.TrainAsync("--epochs", "1")).Succeeded();

        ThreadPool.GetMinThreads(out var workersThen, out var completionsThen);
        Assert.True(workersThen >= workers + 20 && completionsThen >= completions + 20, $"{workersThen} {completionsThen}");
    }

    [Fact]
    public async Task A_comparison_shows_the_three_modes_side_by_side()
    {
        var outcome = (await TinyRuns.RunAsync(
        [
            "compare", "--data", _runs.Data, "--report", _runs.Report, "--svg", _runs.File("curves.svg"), "--hidden", "12", "--batch", "4",
            "--epochs", "2", "--lr", "0.01", "--step-time", "0.5", "--lasting-rank", "1", "--lasting-factor", "20", "--target", "30",
        ])).Succeeded();

        var table = outcome.Lines.SkipWhile(l => !l.StartsWith("time ", StringComparison.Ordinal)).Take(4).Select(Cells).ToArray();
        Assert.Equal(["time to 30%", "x BSP"], table[0][^2..]);
        Assert.Equal("1.00", table[1][^1]);
        Assert.Equal(["BSP", "SSP(3)", "ASP"], table.Skip(1).Select(row => row[0]));
        Assert.Equal(["0", "3"], table.Skip(1).Take(2).Select(row => row[4]));
        Assert.True(int.Parse(table[3][4], System.Globalization.CultureInfo.InvariantCulture) > 3, outcome.Output);
        Assert.Contains("each step takes 0.5 ms, rank 1 takes 20 times as long", outcome.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(_runs.Report) && File.Exists(_runs.File("curves.svg")));
    }

    [Fact]
    public async Task Runs_are_compared_in_the_order_named_with_the_first_as_the_yardstick()
    {
        var outcome = (await CompareAsync("--runs", "bsp+1,bsp", "--lasting-rank", "1", "--lasting-factor", "20")).Succeeded();

        var table = TableOf(outcome, rows: 2);
        Assert.Equal(["time to 10%", "x BSP + 1 backup", "rounds missed"], table[0][^3..]);
        Assert.Equal(["BSP + 1 backup", "BSP"], table.Skip(1).Select(row => row[0]));
        Assert.Equal("1.00", table[1][^2]);
        Assert.True(int.Parse(table[1][^1], System.Globalization.CultureInfo.InvariantCulture) > 0, outcome.Output);
        Assert.Equal("0", table[2][^1]);
        var report = await File.ReadAllTextAsync(_runs.Report);
        Assert.Contains("Fashion-MNIST under BSP + 1 backup and BSP", report, StringComparison.Ordinal);
        Assert.Contains("rank 1 most often", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compensation_is_compared_with_none()
    {
        var outcome = (await CompareAsync("--runs", "asp,asp+dc,asp+lr", "--dc-lambda", "0.5")).Succeeded();

        Assert.Equal(["ASP", "ASP, DC-ASGD", "ASP, staleness-aware lr"], TableOf(outcome, rows: 3).Skip(1).Select(row => row[0]));
        var report = await File.ReadAllTextAsync(_runs.Report);
        Assert.Contains("--dc-lambda (ASP, DC-ASGD)", report, StringComparison.Ordinal);
    }

    // Weight decay triples the weights, other than their sign, with each update: 30 of them under BSP, too many of them for float32 under ASP.
    [Fact]
    public async Task A_run_that_diverges_is_reported_and_the_others_go_on()
    {
        var picture = _runs.File("curves.svg");
        var outcome = (await CompareAsync(
            "--runs", "asp,bsp", "--optimizer", "sgd", "--momentum", "0", "--weight-decay", "400", "--schedule", "constant", "--svg", picture)).Succeeded();

        var table = TableOf(outcome, rows: 2);
        Assert.StartsWith("diverged at step ", table[1][6], StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d\d%$", table[2][6]);
        Assert.Contains(outcome.Lines, l => l.StartsWith($"ASP {table[1][6]}, of rank ", StringComparison.Ordinal));
        foreach (var file in (string[])[_runs.Report, picture])
            Assert.Contains($"ASP {table[1][6]}", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BSP + 2 backups", "--backup-workers", "2")]
    [InlineData("SSP(3), staleness-aware lr", "--consistency", "ssp", "--compensation", "lr")]
    [InlineData("ASP, DC-ASGD", "--consistency", "asp", "--compensation", "dc")]
    public async Task A_training_with_backup_workers_or_compensation_learns(string label, params string[] options)
    {
        var outcome = (await _runs.TrainAsync([.. options, "--epochs", "20", "--lr", "0.01"])).Succeeded();

        Assert.True(outcome.Accuracy >= 90, outcome.Output);
        Assert.Contains($"MLP 16-12-10, adam, {label}, 4 workers, 20 epochs", outcome.Lines);
        Assert.Equal(label.StartsWith("BSP", StringComparison.Ordinal), outcome.Lines.Any(l => l.StartsWith("rounds missed ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("bf16")]
    [InlineData("int8")]
    [InlineData("topk")]
    [InlineData("onebit")]
    public async Task A_training_with_compression_learns(string compression)
    {
        var outcome = (await _runs.TrainAsync("--compression", compression, "--epochs", "40", "--optimizer", "sgd", "--momentum", "0", "--lr", "0.3")).Succeeded();

        Assert.True(outcome.Accuracy >= 85, outcome.Output);
    }

    private Task<Outcome> CompareAsync(params string[] options) => TinyRuns.RunAsync(
    [
        "compare", "--data", _runs.Data, "--report", _runs.Report, "--hidden", "12", "--batch", "4",
        "--epochs", "2", "--lr", "0.01", "--step-time", "0.5", "--target", "10", .. options,
    ]);

    private static string[][] TableOf(Outcome outcome, int rows) =>
        [.. outcome.Lines.SkipWhile(l => !l.StartsWith("time ", StringComparison.Ordinal)).Take(rows + 1).Select(Cells)];

    private static string[] Cells(string line) => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private async Task<Outcome> WithSlowRankAsync(params string[] options) => (await _runs.TrainAsync(
        [.. options, "--epochs", "2", "--step-time", "0.5", "--lasting-rank", "2", "--lasting-factor", "40"])).Succeeded();
}
