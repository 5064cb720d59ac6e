namespace OrleansPs.Train.Tests;

/// <summary>Trainings that change their mode while they run.</summary>
public sealed class SwitchTests : IDisposable
{
    // Otherwise all is over before a change can come in force.
    private static readonly string[] s_unhurried = ["--step-time", "2"];

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public async Task Each_mode_keeps_its_bound_for_as_long_as_it_is_in_force()
    {
        var outcome = (await SlowAsync("--switch", "ssp:2@1,asp@2,bsp@3")).Succeeded();

        Assert.Contains("MLP 16-12-10, adam, BSP, then SSP(2), then ASP, then BSP, 4 workers, 4 epochs", outcome.Lines);
        Assert.Equal(["SSP(2)", "ASP", "BSP"], InForce(outcome));
        var spans = outcome.Lines.SkipWhile(l => !l.StartsWith("staleness max ", StringComparison.Ordinal)).Skip(1).Take(4).ToArray();
        Assert.Equal("BSP from epoch 0: staleness max 0, bound 0", spans[0]);
        Assert.Matches(@"^SSP\(2\) from epoch [\d.]+: staleness max [12], bound 2$", spans[1]);
        Assert.Matches(@"^ASP from epoch [\d.]+: staleness max \d+, no bound$", spans[2]);
        Assert.Matches(@"^BSP from epoch [\d.]+: staleness max 0, bound 0$", spans[3]);
        Assert.True(outcome.MaxStaleness > 2, outcome.Output);
        var report = await File.ReadAllTextAsync(_runs.Report);
        Assert.All((string[])["ssp:2@1,asp@2,bsp@3", "Policies", "at most; the bound changed"], text => Assert.Contains(text, report, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("asp", "bsp@0.01", "BSP")]
    [InlineData("ssp", "ssp:3@1,ssp:0@2", "SSP(0)")]
    [InlineData("bsp", "asp@0.01,bsp@0.02,asp@0.03", "ASP", "BSP", "ASP")]
    [InlineData("bsp", "asp@1,ssp:1@3.999", "ASP")]
    public async Task Modes_change_at_any_time_but_not_to_the_same_nor_when_all_data_is_used_up(string first, string switches, params string[] inForce)
    {
        var outcome = (await _runs.TrainAsync(["--consistency", first, "--switch", switches, .. s_unhurried])).Succeeded();
        Assert.Equal("", outcome.Error);
        Assert.Equal(inForce, InForce(outcome));
    }

    [Fact]
    public async Task A_training_that_is_resumed_goes_on_in_the_mode_of_its_time_and_with_the_changes_to_come()
    {
        var snapshots = _runs.File("snapshots");
        string[] options = ["--switch", "ssp:1@1,asp@3", "--schedule", "constant"];
        (await _runs.TrainAsync([.. options, "--snapshots", snapshots])).Succeeded();
        string[] resume = ["fashion-mnist", "--data", _runs.Data, "--report", _runs.Report, "--snapshots", snapshots, "--resume", .. s_unhurried, "--epochs"];

        Assert.Equal(["BSP"], InForce((await TinyRuns.RunAsync([.. resume, "6", "--switch", "asp@3,bsp@5"])).Succeeded()));
        Assert.Equal(["SSP(7)"], InForce((await TinyRuns.RunAsync([.. resume, "7", "--switch", "bsp@5,ssp:7@6.5"])).Succeeded()));
        var late = await TinyRuns.RunAsync([.. resume, "6"]);
        Assert.Equal((2, "train: --switch is 'bsp@5,ssp:7@6.5': all of its epochs must be below --epochs, which is 6."), (late.Status, late.Error.Trim()));
    }

    [Fact]
    public async Task A_job_on_embedding_tables_switches_too()
    {
        using var jobs = new TinyJobs();
        var outcome = (await jobs.TrainAsync("ratings", ["--switch", "asp@1,ssp:2@2,bsp@3", .. s_unhurried])).Succeeded();
        Assert.Equal(["ASP", "SSP(2)", "BSP"], InForce(outcome));
    }

    private static IEnumerable<string> InForce(Outcome outcome) =>
        outcome.Lines.Where(l => l.Contains(" in force from epoch ", StringComparison.Ordinal)).Select(l => l.Split(' ')[0]);

    private Task<Outcome> SlowAsync(params string[] options) =>
        _runs.TrainAsync([.. options, "--step-time", "0.5", "--lasting-rank", "2", "--lasting-factor", "40"]);
}
