using System.Globalization;

namespace OrleansPs.Train.Tests;

/// <summary>
/// Trainings that break off and go on. Under BSP the end is, bit for bit, that of a training that never broke off.
/// </summary>
public sealed class ResumeTests : IDisposable
{
    // Not a divisor of an epoch's 15 rounds: snapshots fall in mid-epoch.
    private const string Every = "7";

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Snapshots => _runs.File("snapshots");

    [Fact]
    public async Task A_killed_training_that_is_resumed_ends_with_the_same_parameters()
    {
        var whole = await WholeAsync("--epochs", "60");
        using (var child = await ChildProcess.StartAndAwaitSnapshotAsync(
            Snapshots, 2, _runs.Small("--epochs", "60", "--step-time", "2", "--snapshot-every", Every)))
        {
            await child.KillAsync();
        }
        var resumed = (await ResumeAsync("--step-time", "0")).Succeeded();

        Assert.InRange(RoundOf(resumed), 14, 15 * 60 - 1);
        Assert.Equal(whole, await ExportedAsync());
    }

    [UnixFact]
    public async Task A_training_that_is_told_to_end_takes_a_snapshot_and_can_be_resumed()
    {
        var whole = await WholeAsync("--epochs", "60");
        Outcome ended;
        using (var child = await ChildProcess.StartAndAwaitSnapshotAsync(
            Snapshots, 1, _runs.Small("--epochs", "60", "--step-time", "2", "--snapshot-every", Every)))
        {
            await child.TerminateAsync();
            ended = await child.EndAsync();
        }
        Assert.Equal((130, ""), (ended.Status, ended.Error));
        var cut = long.Parse(ended.After("interrupted; snapshot").Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.DoesNotContain(ended.Lines, l => l.StartsWith("report", StringComparison.Ordinal));

        var resumed = (await ResumeAsync("--step-time", "0")).Succeeded();
        // Before the workers stopped, one more may have fallen due.
        Assert.True(CutResumedFrom(resumed) >= cut, resumed.Output);
        Assert.Equal(whole, await ExportedAsync());
    }

    [Fact]
    public async Task A_damaged_snapshot_is_passed_over_and_said()
    {
        var whole = await WholeAsync();
        (await _runs.TrainAsync("--snapshots", Snapshots, "--snapshot-every", Every)).Succeeded();
        var newest = Directory.GetFiles(Path.Combine(Snapshots, PerceptronOptions.JobName, "chunks")).MaxBy(CutOf)!;
        var damaged = CutOf(newest);
        await File.WriteAllBytesAsync(newest, (await File.ReadAllBytesAsync(newest))[..^9]);

        var resumed = (await ResumeAsync()).Succeeded();

        Assert.True(CutResumedFrom(resumed) < damaged, resumed.Output);
        Assert.Contains("passed over", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(whole, await ExportedAsync());
    }

    [Fact]
    public async Task A_finished_training_resumes_to_its_end_at_once()
    {
        var whole = await WholeAsync();
        (await _runs.TrainAsync("--snapshots", Snapshots)).Succeeded();

        var resumed = (await ResumeAsync()).Succeeded();

        Assert.Equal(60, RoundOf(resumed));
        Assert.Equal(whole, await ExportedAsync());
    }

    [Fact]
    public async Task More_epochs_go_on_where_a_constant_lr_left_off()
    {
        var whole = await WholeAsync("--schedule", "constant", "--epochs", "6");
        (await _runs.TrainAsync("--schedule", "constant", "--snapshots", Snapshots)).Succeeded();

        (await ResumeAsync("--epochs", "6")).Succeeded();

        Assert.Equal(whole, await ExportedAsync());
    }

    [Theory]
    [InlineData("bsp")]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task Fewer_workers_take_over_what_the_absent_ones_have_left(string consistency)
    {
        using (var child = await ChildProcess.StartAndAwaitSnapshotAsync(
            Snapshots, 1, _runs.Small("--consistency", consistency, "--epochs", "60", "--step-time", "2", "--snapshot-every", Every)))
            await child.KillAsync();

        var resumed = (await ResumeAsync("--workers", "2", "--step-time", "0")).Succeeded();

        Assert.Contains(resumed.Lines, l => l.Contains(" 2 workers, ", StringComparison.Ordinal));
        Assert.Contains(resumed.Lines, l => l.StartsWith("epoch 60/60 done", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_snapshots_there_is_nothing_to_resume()
    {
        AssertFails(4, $"{Snapshots}: there is nothing to resume", await ResumeAsync());

        SavedSettings.Write(Directory.CreateDirectory(Snapshots).FullName, new PerceptronSettings { Batch = 4 });
        AssertFails(4, "has no complete snapshot", await ResumeAsync());

        await File.WriteAllTextAsync(Path.Combine(Snapshots, "train.json"), "{");
        AssertFails(4, "train.json: the settings of the training can't be read", await ResumeAsync());
    }

    [Fact]
    public async Task What_a_snapshot_depends_on_can_not_be_changed()
    {
        (await _runs.TrainAsync("--snapshots", Snapshots, "--snapshot-every", Every)).Succeeded();

        AssertFails(2, "--batch is 8: the training that is resumed was started with 4.", await ResumeAsync("--batch", "8"));
        AssertFails(2, "--hidden is '13': the training that is resumed was started with 12.", await ResumeAsync("--hidden", "13"));
        AssertFails(2, "--consistency is 'asp': the training", await ResumeAsync("--consistency", "asp"));
        AssertFails(2, "--seed is 2: the training", await ResumeAsync("--seed", "2"));
        AssertFails(2, "--workers is 5: at most the 4 workers of the snapshot can go on.", await ResumeAsync("--workers", "5"));
        AssertFails(2, "--epochs is 5: the learning rate of the training that is resumed falls to 0 within 4", await ResumeAsync("--epochs", "5"));
        (await ResumeAsync("--batch", "4", "--consistency", "bsp")).Succeeded();
    }

    [Fact]
    public async Task Backup_workers_and_compensation_are_saved_and_kept()
    {
        (await _runs.TrainAsync("--backup-workers", "1", "--snapshots", Snapshots)).Succeeded();
        AssertFails(2, "--backup-workers is 2: the training that is resumed was started with 1.", await ResumeAsync("--backup-workers", "2"));
        AssertFails(2, "--workers is 1: it must be above --backup-workers, which is 1.", await ResumeAsync("--workers", "1"));
        Assert.Contains((await ResumeAsync()).Succeeded().Lines, l => l.Contains("BSP + 1 backup, ", StringComparison.Ordinal));

        Directory.Delete(Snapshots, recursive: true);
        (await _runs.TrainAsync("--consistency", "asp", "--compensation", "dc", "--dc-lambda", "0.5", "--snapshots", Snapshots)).Succeeded();
        AssertFails(2, "--compensation is 'lr': the training that is resumed was started with dc.", await ResumeAsync("--compensation", "lr"));
        AssertFails(2, "--dc-lambda is 0.1: the training that is resumed was started with 0.5.", await ResumeAsync("--dc-lambda", "0.1"));
        Assert.Contains((await ResumeAsync()).Succeeded().Lines, l => l.Contains("ASP, DC-ASGD, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Compression_is_saved_and_kept()
    {
        (await _runs.TrainAsync("--compression", "int8", "--snapshots", Snapshots)).Succeeded();
        AssertFails(2, "--compression is 'bf16': the training that is resumed was started with int8.", await ResumeAsync("--compression", "bf16"));
        (await ResumeAsync()).Succeeded();
        Assert.Contains("--compression", await File.ReadAllTextAsync(_runs.Report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_trainings_do_not_share_a_directory()
    {
        (await _runs.TrainAsync("--snapshots", Snapshots)).Succeeded();
        var second = await _runs.TrainAsync("--snapshots", Snapshots);
        AssertFails(2, $"--snapshots is '{Snapshots}': it holds ", second);
        AssertFails(2, " snapshots of an earlier training. Go on with --resume, or name another directory.", second);
    }

    private async Task<byte[]> WholeAsync(params string[] options)
    {
        var path = _runs.File("whole.safetensors");
        (await _runs.TrainAsync([.. options, "--export", path])).Succeeded();
        return await File.ReadAllBytesAsync(path);
    }

    // All but the places of files is taken from the training that is resumed.
    private Task<Outcome> ResumeAsync(params string[] options) => TinyRuns.RunAsync(
    [
        "fashion-mnist", "--data", _runs.Data, "--report", _runs.Report, "--resume", "--snapshots", Snapshots,
        "--export", _runs.File("resumed.safetensors"), .. options,
    ]);

    private Task<byte[]> ExportedAsync() => File.ReadAllBytesAsync(_runs.File("resumed.safetensors"));

    // A chunk's name is g(generation)-c(cut)-b(block)-e(epoch).
    private static long CutOf(string chunk) =>
        long.Parse(Path.GetFileName(chunk).Split('-')[1][1..], CultureInfo.InvariantCulture);

    private static long CutResumedFrom(Outcome outcome) =>
        long.Parse(outcome.After("resumed from snapshot").Split(',')[0], CultureInfo.InvariantCulture);

    private static long RoundOf(Outcome outcome) =>
        long.Parse(outcome.After("resumed from snapshot").Split("round")[1], CultureInfo.InvariantCulture);

    private static void AssertFails(int status, string message, Outcome outcome)
    {
        Assert.Equal(status, outcome.Status);
        Assert.Contains(message, Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
