using System.Globalization;

namespace OrleansPs.Worker.Tests;

public sealed class TrainingTests
{
    [Theory]
    [InlineData("bsp")]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task Four_workers_train_and_rank_0_says_how_good_the_model_is(string consistency)
    {
        await using var bench = await Bench.StartAsync();
        var workers = Enumerable.Range(0, 4).Select(rank => bench.WorkAsync(
            "--rank", $"{rank}", "--consistency", consistency, "--epochs", "12", "--lr", "0.01"));
        var outcomes = await Task.WhenAll(workers);

        Assert.All(outcomes, outcome => outcome.Succeeded());
        Assert.InRange(outcomes[0].Accuracy(), 0.9, 1);
        for (var rank = 0; rank < 4; rank++)
        {
            Assert.Equal($"rank {rank}: joined at the beginning of its data", outcomes[rank].Lines[0]);
            var bound = consistency switch { "bsp" => 0, "ssp" => 3, _ => 180 };
            Assert.InRange(MostStaleness(outcomes[rank], rank, 180), 0, bound);
        }
        Assert.DoesNotContain(outcomes[1..], outcome => outcome.Output.Contains("accuracy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Under_bsp_the_parameters_are_those_of_one_process_bit_for_bit()
    {
        await using var bench = await Bench.StartAsync();
        await TrainProgram.RunAsync([.. bench.Small, "--report", bench.File("report.html"), "--export", bench.File("one")]);

        var first = bench.WorkAsync("--ranks", "0..1", "--lease", "30");
        var third = bench.WorkAsync("--rank", "2", "--lease", "30");
        (await bench.WorkAsync("--rank", "3", "--lease", "30", "--export", bench.File("four"))).Succeeded();
        (await first).Succeeded();
        (await third).Succeeded();
        Assert.Equal(await File.ReadAllBytesAsync(bench.File("one")), await File.ReadAllBytesAsync(bench.File("four")));
    }

    [Fact]
    public async Task Another_worker_may_evaluate_too()
    {
        await using var bench = await Bench.StartAsync();
        var rest = bench.WorkAsync("--rank", "0-2");
        var last = (await bench.WorkAsync("--rank", "3", "--evaluate")).Succeeded();
        Assert.Equal((await rest).Succeeded().Accuracy(), last.Accuracy());
    }

    [Fact]
    public async Task A_worker_with_other_options_is_refused_in_one_sentence()
    {
        await using var bench = await Bench.StartAsync();
        (await bench.WorkAsync("--ranks", "0..3")).Succeeded();
        var outcome = await bench.WorkAsync("--rank", "0", "--lr", "0.5");
        Assert.Equal(1, outcome.Status);
        Assert.StartsWith("worker: The spec of model 'fashion-mnist' differs from the existing one: ", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith(". Give all workers the same options and this training a --model of its own, or delete the model that is there.\n", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, '\n');
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public async Task A_rank_that_leaves_after_some_steps_is_gone_on_with()
    {
        await using var bench = await Bench.StartAsync();
        var left = (await bench.WorkAsync("--ranks", "0..3", "--max-steps", "20")).Succeeded();
        Assert.All(Enumerable.Range(0, 4), rank => Assert.Contains($"rank {rank}: has done its --max-steps: leaves at step 20", left.Lines));
        Assert.All((await bench.Server.GetStatusAsync("fashion-mnist")).Workers, w => Assert.Equal((WorkerStatus.Left, 20), (w.Status, w.Step)));

        var rest = (await bench.WorkAsync("--ranks", "0..3")).Succeeded();
        Assert.Contains("rank 2: joined at step 20, batch 20 of its data", rest.Lines);
        Assert.Equal(0, MostStaleness(rest, 2, 60));
    }

    [Fact]
    public async Task A_worker_that_is_stopped_leaves_its_rank()
    {
        await using var bench = await Bench.StartAsync();
        using var stop = new CancellationTokenSource();
        var rest = bench.WorkAsync("--ranks", "0..2", "--step-time", "2");
        var last = bench.WorkAsync(stop.Token, "--rank", "3", "--step-time", "2");
        await bench.AwaitAsync(status => status.Workers.Any(w => w is { Rank: 3, Step: > 2 }));
        await stop.CancelAsync();

        var stopped = await last;
        Assert.Equal((130, ""), (stopped.Status, stopped.Error));
        Assert.Contains(stopped.Lines, line => line.StartsWith("rank 3: is stopped: leaves at step ", StringComparison.Ordinal));
        (await rest).Succeeded();
        Assert.Equal(WorkerStatus.Left, (await bench.Server.GetStatusAsync("fashion-mnist")).Workers[3].Status);
    }

    [Fact]
    public async Task A_model_that_is_put_back_is_trained_again_from_there()
    {
        await using var bench = await Bench.StartAsync();
        await TrainProgram.RunAsync([.. bench.Small, "--report", bench.File("report.html"), "--export", bench.File("one")]);

        var work = bench.WorkAsync("--ranks", "0..3", "--step-time", "5", "--export", bench.File("four"));
        await bench.AwaitAsync(status => status.LastSnapshot is { Cut: >= 1 } && status.Round > 25);
        await bench.Server.RestoreAsync("fashion-mnist", new() { Cut = 1 });
        var outcome = (await work).Succeeded();

        Assert.All(Enumerable.Range(0, 4), rank =>
            Assert.Contains($"rank {rank}: the model was put back: went on from cut 1 at step 15", outcome.Lines));
        Assert.Equal(await File.ReadAllBytesAsync(bench.File("one")), await File.ReadAllBytesAsync(bench.File("four")));
    }

    [Fact]
    public async Task A_model_that_is_put_back_while_some_are_done_is_trained_again_by_them()
    {
        await using var bench = await Bench.StartAsync();
        var done = bench.WorkAsync("--ranks", "0..2", "--consistency", "asp", "--step-time", "5", "--snapshot-every", "1000");
        await bench.AwaitAsync(status => status.Workers.Any(w => w is { Rank: 1, Step: > 2 }));
        var cut = (await bench.Server.TakeSnapshotAsync("fashion-mnist")).Cut;
        await bench.AwaitAsync(status => status.Workers.Count(w => w.Status == WorkerStatus.OutOfData) == 3);
        await bench.Server.RestoreAsync("fashion-mnist", new() { Cut = cut });
        (await bench.WorkAsync("--rank", "3", "--consistency", "asp", "--snapshot-every", "1000")).Succeeded();
        var outcome = (await done).Succeeded();
        Assert.All(Enumerable.Range(0, 3), rank => Assert.Contains(
            outcome.Lines, line => line.StartsWith($"rank {rank}: the model was put back: went on from cut {cut} at step ", StringComparison.Ordinal)));
        Assert.Equal(6, outcome.Lines.Count(line => line.Contains(": done with all of its data after 60 steps", StringComparison.Ordinal)));
        Assert.InRange(outcome.Accuracy(), 0, 1);
    }

    [Fact]
    public async Task A_worker_that_is_evicted_takes_its_rank_up_again()
    {
        await using var bench = await Bench.StartAsync();
        var work = bench.WorkAsync("--ranks", "0..3", "--step-time", "5");
        await bench.AwaitAsync(status => status.Workers.Any(w => w is { Rank: 2, Step: > 2 }));
        await bench.Server.EvictAsync("fashion-mnist", 2);
        var outcome = (await work).Succeeded();
        Assert.Contains(outcome.Lines, line => line.StartsWith("rank 2: was restarted: went on at step ", StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Lines, line => line.Contains("put back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_never_ends_is_not_waited_for_for_ever()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.WorkAsync("--ranks", "0..2", "--consistency", "asp", "--patience", "1");
        outcome.AssertFailed(1, "These workers are not done, and got no further in 1 s: rank 3 (Expected at step 0). The model lacks the rest of their steps.");
        Assert.InRange(outcome.Accuracy(), 0, 1);
    }

    [Fact]
    public async Task A_training_that_diverges_says_what_to_try()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.WorkAsync("--ranks", "0..3", "--optimizer", "sgd", "--lr", "1000", "--weight-decay", "1000", "--schedule", "constant");
        Assert.Equal(1, outcome.Status);
        Assert.EndsWith(" The training diverged: try a smaller --lr.\n", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, '\n');
    }

    private static long MostStaleness(Outcome outcome, int rank, long steps)
    {
        var words = $"rank {rank}: done with all of its data after {steps} steps; staleness at most ";
        return long.Parse(Assert.Single(outcome.Lines, line => line.StartsWith(words, StringComparison.Ordinal))[words.Length..], CultureInfo.InvariantCulture);
    }
}
