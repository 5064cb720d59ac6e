using System.Globalization;

namespace OrleansPs.Train.Tests;

/// <summary>Trainings on embedding tables, from options to report.</summary>
public sealed class JobTests : IDisposable
{
    private readonly TinyJobs _jobs = new();

    public void Dispose() => _jobs.Dispose();

    [Theory]
    [InlineData("bsp", "BSP")]
    [InlineData("ssp", "SSP(3)")]
    [InlineData("asp", "ASP")]
    public async Task Logistic_regression_ends_with_its_area_under_the_curve(string consistency, string policy)
    {
        var outcome = (await _jobs.TrainAsync("logistic", "--consistency", consistency)).Succeeded();

        Assert.Equal("", outcome.Error);
        Assert.InRange(Score(outcome, "test AUC"), 0.8, 1);
        Assert.StartsWith("examples.txt: 3", outcome.Lines[0], StringComparison.Ordinal);
        Assert.Contains($"logistic regression, a row of width 1 a feature, FTRL alpha 0.1 beta 1 l1 0.1 l2 0, {policy}, 4 workers, 4 epochs", outcome.Lines);
        Assert.Contains(outcome.Lines, l => l.StartsWith("epoch 4/4 done: test AUC 0.", StringComparison.Ordinal));
        await ReportHasAsync("Test AUC by epoch", "--alpha", $"examples.txt, 4 workers, {policy}");
    }

    [Fact]
    public async Task Mails_are_read_from_directories()
    {
        foreach (var (group, word) in (IEnumerable<(string, string)>)[("spam", "pills"), ("ham", "lunch")])
        {
            Directory.CreateDirectory(_jobs.Place($"mails/{group}"));
            for (var i = 0; i < 60; i++) await File.WriteAllTextAsync(_jobs.Place($"mails/{group}/{i:00}.txt"), $"To: you\nSubject: hello\n\n{word} number {i}");
        }
        var outcome = (await TinyRuns.RunAsync(["logistic", "--data", _jobs.Place("mails"), "--report", _jobs.Report, "--batch", "2"])).Succeeded();
        Assert.Equal(1, Score(outcome, "test AUC"));
        Assert.StartsWith("SpamAssassin mails: ", outcome.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Matrix_factorisation_ends_with_its_error()
    {
        var picture = _jobs.Place("curves.svg");
        var outcome = (await _jobs.TrainAsync("ratings", "--epochs", "30", "--lr", "0.05", "--factors", "4", "--svg", picture)).Succeeded();
        Assert.InRange(Score(outcome, "test RMSE"), 0, 0.3);
        Assert.Contains("4 factors and a bias for each user and item, SGD lr 0.05 penalty 0.05, BSP, 4 workers, 30 epochs", outcome.Lines);
        Assert.Equal(picture, outcome.After("picture"));
        Assert.Contains($"Test RMSE at the end: {outcome.After("test RMSE")}.", await File.ReadAllTextAsync(picture), StringComparison.Ordinal);
        await ReportHasAsync("Test RMSE by epoch", "--penalty");
    }

    [Fact]
    public async Task Word_vectors_end_with_their_nearest_and_what_is_to_be_had_by_chance()
    {
        var outcome = (await _jobs.TrainAsync("word2vec", "--epochs", "20")).Succeeded();
        Assert.InRange(Score(outcome, "Spearman of cosine and PMI"), -1, 1);
        Assert.Contains(outcome.Lines, l => l.StartsWith("cosine and PMI of ", StringComparison.Ordinal));
        Assert.Equal(10, outcome.Lines.Count(l => l.Split(": ") is [{ Length: 2 } word, var near] && near.Split(", ").All(n => n[0] == word[0])));
        await ReportHasAsync("Spearman of cosine and PMI by epoch", "Nearest words", "--negatives");
    }

    [Theory]
    [MemberData(nameof(TinyJobs.Names), MemberType = typeof(TinyJobs))]
    public async Task A_killed_training_that_is_resumed_ends_as_one_that_never_broke_off(string job)
    {
        string[] options = ["--epochs", "12", "--seed", "3"];
        var whole = (await _jobs.TrainAsync(job, options)).Succeeded();
        using (var child = await ChildProcess.StartAndAwaitSnapshotAsync(
            job, _jobs.Place("snapshots"), 2, _jobs.Arguments(job, [.. options, "--step-time", "2", "--snapshot-every", "7"])))
        {
            await child.KillAsync();
        }
        var resumed = (await TinyRuns.RunAsync(
            [job, "--data", _jobs.Data(job), "--report", _jobs.Report, "--snapshots", _jobs.Place("snapshots"), "--resume", "--step-time", "0"])).Succeeded();

        Assert.Contains(resumed.Lines, l => l.StartsWith("resumed from snapshot ", StringComparison.Ordinal));
        var score = whole.Lines.Last(l => l.StartsWith("test ", StringComparison.Ordinal) || l.StartsWith("Spearman", StringComparison.Ordinal));
        Assert.Contains(score, resumed.Lines);
        Assert.Equal(whole.Lines.Where(l => l.StartsWith("cosine", StringComparison.Ordinal)), resumed.Lines.Where(l => l.StartsWith("cosine", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_a_snapshot_depends_on_can_not_be_changed()
    {
        (await _jobs.TrainAsync("ratings", "--snapshots", _jobs.Place("snapshots"))).Succeeded();
        var refused = await _jobs.TrainAsync("ratings", "--snapshots", _jobs.Place("snapshots"), "--resume", "--factors", "3");
        Assert.Equal((2, "train: --factors is 3: the training that is resumed was started with 16."), (refused.Status, refused.Error.Trim()));
    }

    [Theory]
    [InlineData("logistic", "--alpha", "0", "train: --alpha is '0': it must be a number above 0 and at most 1000.")]
    [InlineData("logistic", "--test-share", "1", "train: --test-share is '1': it must be a number from 0.001 to 0.999.")]
    [InlineData("ratings", "--factors", "0", "train: --factors is '0': it must be a whole number from 1 to 1024.")]
    [InlineData("word2vec", "--window", "x", "train: --window is 'x': it must be a whole number from 1 to 100.")]
    [InlineData("word2vec", "--compensation", "lr", "train: Unrecognized command or argument '--compensation'.")]
    [InlineData("ratings", "--compression", "bf16", "train: Unrecognized command or argument '--compression'.")]
    public async Task An_option_out_of_range_is_refused_with_its_rule(string job, string option, string value, string message)
    {
        var outcome = await _jobs.TrainAsync(job, option, value);
        Assert.Equal((2, "", message), (outcome.Status, outcome.Output, outcome.Error.Trim()));
    }

    [Theory]
    [MemberData(nameof(TinyJobs.Names), MemberType = typeof(TinyJobs))]
    public async Task Missing_data_is_named_with_a_way_out(string job)
    {
        var outcome = await TinyRuns.RunAsync([job, "--report", _jobs.Report], name => name == "XDG_CACHE_HOME" ? _jobs.Place("cache") : null);
        Assert.Equal((3, ""), (outcome.Status, outcome.Output));
        var name = job switch { "logistic" => "spam", "ratings" => "movielens", _ => "sotu" };
        Assert.StartsWith($"train: {_jobs.Place($"cache/orleansps/{name}")}: the directory does not exist.", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith($"or let tools/data.sh {name} fetch the data set.", outcome.Error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_data_is_named_with_line_and_column()
    {
        await File.AppendAllTextAsync(_jobs.Data("ratings"), "1,2,bad\n");
        var outcome = await _jobs.TrainAsync("ratings");
        Assert.Equal((3, ""), (outcome.Status, outcome.Output));
        Assert.Contains("line 602, column 5: 'bad' is there; a rating, a finite number, was expected.", outcome.Error, StringComparison.Ordinal);
    }

    private static double Score(Outcome outcome, string name) => double.Parse(outcome.After(name), CultureInfo.InvariantCulture);

    private async Task ReportHasAsync(params string[] texts)
    {
        var report = await File.ReadAllTextAsync(_jobs.Report);
        Assert.All(texts, text => Assert.Contains(text, report, StringComparison.Ordinal));
    }
}
