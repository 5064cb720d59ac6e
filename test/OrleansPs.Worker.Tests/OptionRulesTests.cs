namespace OrleansPs.Worker.Tests;

/// <summary>What breaks a rule ends the program before it connects, with one line and status 2.</summary>
public sealed class OptionRulesTests
{
    [Theory]
    [InlineData("", "--rank is missing: say which of the 4 workers this is, 0 to 3.")]
    [InlineData("--rank 4", "--rank is '4': it must be 0 to 3, or a range such as 0-3.")]
    [InlineData("--rank -1", "--rank is '-1': it must be 0 to 3, or a range such as 0-3.")]
    [InlineData("--rank 1-0", "--rank is '1-0': it must be 0 to 3, or a range such as 0-3.")]
    [InlineData("--ranks 0..2..3", "--rank is '0..2..3': it must be 0 to 3, or a range such as 0-3.")]
    [InlineData("--ranks 0..8 --workers 8", "--rank is '0..8': it must be 0 to 7, or a range such as 0-7.")]
    [InlineData("--rank one", "--rank is 'one': it must be 0 to 3, or a range such as 0-3.")]
    [InlineData("--rank 0 --staleness 2", "--staleness is 2: it goes with --consistency ssp alone.")]
    [InlineData("--rank 0 --consistency esp", "--consistency is 'esp': it must be bsp, ssp or asp.")]
    [InlineData("--rank 0 --momentum 0.5", "--momentum is 0.5: it goes with --optimizer sgd or rmsprop.")]
    [InlineData("--rank 0 --lease 0", "--lease is '0': it must be a whole number from 1 to 3600.")]
    [InlineData("--rank 0 --max-steps 0", "--max-steps is '0': it must be a whole number from 1 to 2147483647.")]
    [InlineData("--rank 0 --patience 0", "--patience is '0': it must be a whole number from 1 to 86400.")]
    [InlineData("--rank 0 --straggle-probability 0.5", "--straggle-probability is 0.5: it needs a --step-time above 0.")]
    [InlineData("--rank 0 --batch 61", "--batch is 61: 4 workers take as many images each in a step, of 240 in all.", true)]
    [InlineData("--rank 0 --gateway a:1 --directory d", "--directory does not go with --gateway.")]
    [InlineData("--rank 0 --gateway a", "--gateway is 'a': it must be a name or an IP address, a colon and a port from 1 to 65535.")]
    public async Task A_bad_option_is_refused(string options, string message, bool alone = false)
    {
        await using var bench = await Bench.StartAsync();
        string[] given = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var outcome = alone ? await bench.RunAsync(["fashion-mnist", "--data", bench.Data, .. given]) : await bench.WorkAsync(given);
        outcome.AssertFailed(2, message);
        Assert.Empty(outcome.Output);
        Assert.Empty(await bench.Server.ListModelsAsync());
    }

    [Fact]
    public async Task A_directory_is_no_place_for_parameters()
    {
        await using var bench = await Bench.StartAsync();
        (await bench.WorkAsync("--rank", "0", "--export", bench.Data))
            .AssertFailed(2, $"--export is '{bench.Data}': it must be a file, not a directory.");
        Assert.Empty(await bench.Server.ListModelsAsync());
    }

    [Fact]
    public async Task A_name_that_no_model_may_have_is_refused()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.WorkAsync("--rank", "0", "--model", "a/b");
        Assert.Equal((2, ""), (outcome.Status, outcome.Output));
        Assert.StartsWith("worker: Name is 'a/b': ", outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error, '\n');
    }

    [Fact]
    public async Task A_job_must_be_named()
    {
        await using var bench = await Bench.StartAsync();
        (await bench.RunAsync([])).AssertFailed(2, "Required command was not provided.");
    }

    [Fact]
    public async Task Data_that_is_not_there_is_status_3()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.RunAsync(["fashion-mnist", "--rank", "0", "--data", bench.File("none")]);
        Assert.Equal(3, outcome.Status);
        Assert.StartsWith($"worker: {bench.File("none")}: the directory does not exist.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_settings_are_those_of_a_training_in_one_process()
    {
        await using var bench = await Bench.StartAsync();
        await bench.WorkAsync("--rank", "0", "--model", "m", "--lease", "7", "--max-steps", "1", "--consistency", "asp", "--patience", "1");
        var spec = (await bench.Server.GetStatusAsync("m")).Spec;
        Assert.Equal((4, 1UL, ConsistencyPolicy.Asynchronous), (spec.Workers, spec.Seed, spec.Consistency));
        Assert.Equal(TimeSpan.FromSeconds(7), spec.Lease);
        Assert.Equal(Optimizer.Adam(lr: 0.001), spec.Optimizer);
        Assert.Equal(LearningRateSchedule.Cosine(60), spec.Schedule);
        Assert.Equal(DurabilityPolicy.Snapshot(15), spec.Durability);
        Assert.Equal(256 << 10, spec.BlockBytes);
    }
}
