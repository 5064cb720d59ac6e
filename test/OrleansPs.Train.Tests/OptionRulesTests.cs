namespace OrleansPs.Train.Tests;

/// <summary>Every option that breaks a rule ends the program at once with one line that names option, value and rule.</summary>
public sealed class OptionRulesTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("--workers 0", "--workers is '0': it must be a whole number from 1 to 256.")]
    [InlineData("--workers 257", "--workers is '257': it must be a whole number from 1 to 256.")]
    [InlineData("--workers four", "--workers is 'four': it must be a whole number from 1 to 256.")]
    [InlineData("--workers 4.5", "--workers is '4.5': it must be a whole number from 1 to 256.")]
    [InlineData("--workers", "--workers")]
    [InlineData("--consistency BSP", "--consistency is 'BSP': it must be bsp, ssp or asp.")]
    [InlineData("--consistency ssp --staleness -1", "--staleness is '-1': it must be a whole number from 0 to 1000000.")]
    [InlineData("--staleness 3", "--staleness is 3: it goes with --consistency ssp alone.")]
    [InlineData("--consistency asp --staleness 3", "--staleness is 3: it goes with --consistency ssp alone.")]
    [InlineData("--switch ssp@1", "--switch is 'ssp@1': it must be a list such as ssp:2@1,asp@2.5,bsp@3: bsp, asp or ssp:N, then @ and the epoch, above 0 and rising, from which on it holds.")]
    [InlineData("--switch bsp:1@1", "--switch is 'bsp:1@1': it must be a list such as")]
    [InlineData("--switch asp", "--switch is 'asp': it must be a list such as")]
    [InlineData("--switch asp@0", "--switch is 'asp@0': it must be a list such as")]
    [InlineData("--switch asp@-1", "--switch is 'asp@-1': it must be a list such as")]
    [InlineData("--switch asp@NaN", "--switch is 'asp@NaN': it must be a list such as")]
    [InlineData("--switch asp@2,bsp@2", "--switch is 'asp@2,bsp@2': it must be a list such as")]
    [InlineData("--switch ssp:1000001@1", "--switch is 'ssp:1000001@1': it must be a list such as")]
    [InlineData("--switch asp@1,ssp:2@4", "--switch is 'asp@1,ssp:2@4': all of its epochs must be below --epochs, which is 4.")]
    [InlineData("--backup-workers -1", "--backup-workers is '-1': it must be a whole number from 0 to 255.")]
    [InlineData("--backup-workers 4", "--backup-workers is 4: it must be below --workers, which is 4.")]
    [InlineData("--consistency asp --backup-workers 1", "--backup-workers is 1: it goes with --consistency bsp alone.")]
    [InlineData("--consistency asp --compensation all", "--compensation is 'all': it must be none, lr or dc.")]
    [InlineData("--compensation lr", "--compensation is 'lr': it goes with --consistency ssp or asp.")]
    [InlineData("--consistency asp --compensation lr --dc-lambda 1", "--dc-lambda is 1: it goes with --compensation dc alone.")]
    [InlineData("--consistency asp --compensation dc --dc-lambda 0", "--dc-lambda is '0': it must be a number above 0 and at most 1000.")]
    [InlineData("--compression zip", "--compression is 'zip': it must be none, bf16, int8, topk or onebit.")]
    [InlineData("--optimizer lion", "--optimizer is 'lion': it must be sgd, adam, adamw, adagrad or rmsprop.")]
    [InlineData("--lr 0", "--lr is '0': it must be a number above 0 and at most 1000.")]
    [InlineData("--lr NaN", "--lr is 'NaN': it must be a number above 0 and at most 1000.")]
    [InlineData("--lr 1e999", "--lr is '1e999': it must be a number above 0 and at most 1000.")]
    [InlineData("--lr 0,1", "--lr is '0,1': it must be a number above 0 and at most 1000.")]
    [InlineData("--optimizer sgd --momentum 1.1", "--momentum is '1.1': it must be a number from 0 to 1.")]
    [InlineData("--momentum 0.9", "--momentum is 0.9: it goes with --optimizer sgd or rmsprop.")]
    [InlineData("--weight-decay -1", "--weight-decay is '-1': it must be a number from 0 to 1000.")]
    [InlineData("--schedule linear", "--schedule is 'linear': it must be cosine or constant.")]
    [InlineData("--epochs 0", "--epochs is '0': it must be a whole number from 1 to 100000.")]
    [InlineData("--batch 0", "--batch is '0': it must be a whole number from 1 to 65536.")]
    [InlineData("--batch 61", "--batch is 61: 4 workers take as many images each in a step, of 240 in all.")]
    [InlineData("--seed -1", "--seed is '-1': it must be a whole number >= 0 of at most 64 bits.")]
    [InlineData("--hidden 12,", "--hidden is '12,': it must be 1 to 8 whole numbers from 1 to 4096 with commas between them.")]
    [InlineData("--hidden 0", "--hidden is '0': it must be 1 to 8 whole numbers from 1 to 4096 with commas between them.")]
    [InlineData("--hidden 1,1,1,1,1,1,1,1,1", "--hidden is '1,1,1,1,1,1,1,1,1': it must be 1 to 8")]
    [InlineData("--block-bytes 4095", "--block-bytes is '4095': it must be a whole number from 4096 to 67108864.")]
    [InlineData("--block-bytes 4097", "--block-bytes is 4097: it must be a multiple of 64.")]
    [InlineData("--resume", "--resume is 'on': it needs --snapshots.")]
    [InlineData("--snapshot-every 5", "--snapshot-every is 5: it needs --snapshots.")]
    [InlineData("--straggle-probability 0.1", "--straggle-probability is 0.1: it needs a --step-time above 0.")]
    [InlineData("--step-time 1 --straggle-probability 1.5", "--straggle-probability is '1.5': it must be a number from 0 to 1.")]
    [InlineData("--step-time 1 --straggle-factor 0.5", "--straggle-factor is '0.5': it must be a number from 1 to 1000.")]
    [InlineData("--step-time 1 --lasting-rank 4", "--lasting-rank is 4: it must be below --workers, which is 4.")]
    [InlineData("--lasting-rank 1", "--lasting-rank is 1: it needs a --step-time above 0.")]
    [InlineData("--step-time 1 --lasting-factor 2", "--lasting-factor is 2: it needs --lasting-rank.")]
    [InlineData("--step-time 1 --lasting-rank 1 --straggle-factor 2", "--straggle-factor is 2: it does not go with --lasting-rank.")]
    [InlineData("--speed 3", "--speed")]
    public async Task A_bad_option_of_fashion_mnist_is_refused(string options, string message) =>
        AssertRefused(await _runs.TrainAsync(options.Split(' ')), message);

    [Theory]
    [InlineData("--target 101", "--target is '101': it must be a number from 0 to 100.")]
    [InlineData("--step-time 0", "--straggle-probability is 0.5: it needs a --step-time above 0.")]
    [InlineData("--consistency bsp", "--consistency")]
    [InlineData("--runs bsp,bap", "--runs is 'bsp,bap': it must be a list of bsp, bsp+1 (or more backup workers), ssp, asp, asp+lr and asp+dc with commas between them.")]
    [InlineData("--runs bsp,", "--runs is 'bsp,': it must be a list of")]
    [InlineData("--runs bsp+0", "--runs is 'bsp+0': it must be a list of")]
    [InlineData("--runs bsp+lr", "--runs is 'bsp+lr': it must be a list of")]
    [InlineData("--runs asp+1", "--runs is 'asp+1': it must be a list of")]
    [InlineData("--runs asp+dc+lr", "--runs is 'asp+dc+lr': it must be a list of")]
    [InlineData("--runs bsp,bsp+4", "--runs is 'bsp+4': its backup workers must be fewer than --workers, which is 4.")]
    [InlineData("--runs asp,asp+lr --dc-lambda 1", "--dc-lambda is 1: it goes with a run such as asp+dc alone.")]
    [InlineData("--runs bsp,asp --staleness 2", "--staleness is 2: it goes with a run under ssp alone.")]
    public async Task A_bad_option_of_compare_is_refused(string options, string message) => AssertRefused(await TinyRuns.RunAsync(
        ["compare", "--data", _runs.Data, "--report", _runs.Report, "--straggle-probability", "0.5", .. options.Split(' ')]), message);

    [Fact]
    public async Task A_directory_is_no_place_for_a_report_nor_a_file_for_snapshots()
    {
        AssertRefused(await _runs.TrainAsync("--report", _runs.Data), $"--report is '{_runs.Data}': it must be a file, not a directory.");
        AssertRefused(await _runs.TrainAsync("--export", _runs.Data), $"--export is '{_runs.Data}': it must be a file, not a directory.");
        await File.WriteAllTextAsync(_runs.File("notes"), "");
        AssertRefused(await _runs.TrainAsync("--snapshots", _runs.File("notes")), $"--snapshots is '{_runs.File("notes")}': it must be a directory");
        AssertRefused(await _runs.TrainAsync("--report", _runs.File("notes/report.html")), $"--report is '{_runs.File("notes/report.html")}'");
    }

    [Fact]
    public async Task A_training_that_is_resumed_has_its_parameters_already() => AssertRefused(
        await _runs.TrainAsync("--snapshots", _runs.File("s"), "--resume", "--init", "w"), "--init is 'w': it does not go with --resume.");

    [Fact]
    public async Task Help_is_no_error()
    {
        var outcome = await TinyRuns.RunAsync(["fashion-mnist", "--help"]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Contains("--consistency <bsp|ssp|asp>", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_training_that_diverges_says_so()
    {
        var outcome = await _runs.TrainAsync("--optimizer", "sgd", "--lr", "1000", "--weight-decay", "1000", "--schedule", "constant");
        Assert.Equal(1, outcome.Status);
        Assert.Contains("only finite numbers are accepted. The training diverged: try a smaller --lr.", outcome.Error, StringComparison.Ordinal);
    }

    private void AssertRefused(Outcome outcome, string message)
    {
        Assert.Equal((2, ""), (outcome.Status, outcome.Output));
        var line = Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("train: ", line, StringComparison.Ordinal);
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.False(File.Exists(_runs.Report));
    }
}
