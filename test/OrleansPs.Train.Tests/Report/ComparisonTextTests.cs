using OrleansPs.Train.Report;
using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Train.Tests.Report;

/// <summary>The sentences of a comparison follow the numbers, whichever run wins.</summary>
public sealed class ComparisonTextTests
{
    private static readonly RunRecord Bsp = Run("BSP", 0, seconds: 20, idle: 0.5, accuracy: 0.86);
    private static readonly RunRecord Ssp = Run("SSP(2)", 2, seconds: 10, idle: 0.1, accuracy: 0.859);
    private static readonly RunRecord Asp = Run("ASP", null, seconds: 8, idle: 0, accuracy: 0.858);

    [Fact]
    public void Times_to_the_target_are_told_from_the_fastest_to_the_slowest() => Says(
        "85% test accuracy came after 8.0 s under ASP, 10.0 s under SSP(2) and 20.0 s under BSP, 2.5 times as long.", Bsp, Ssp, Asp);

    [Fact]
    public void Times_that_are_nearly_equal_are_called_so() =>
        Says("85% test accuracy came after 20.0 s under BSP and 20.4 s under SSP(2), about equally fast.", Bsp, Ssp with { SecondsToTarget = 20.4 });

    [Fact]
    public void Who_missed_the_target_is_named() => Says(
        "85% test accuracy came after 20.0 s under BSP. SSP(2) and ASP did not reach it.",
        Bsp, Ssp with { SecondsToTarget = null }, Asp with { SecondsToTarget = null });

    [Fact]
    public void A_target_that_nobody_reached_is_admitted() =>
        Says("No run reached 85% test accuracy.", Bsp with { SecondsToTarget = null }, Ssp with { SecondsToTarget = null });

    [Fact]
    public void A_run_that_diverged_is_not_said_to_have_missed_the_target()
    {
        var diverged = Asp with { SecondsToTarget = null, FinalScore = null, Diverged = new(2, 1234) };
        Says("85% test accuracy came after 20.0 s under BSP. SSP(2) did not reach it. ASP diverged at step 1,234: a gradient was not finite.",
            Bsp, Ssp with { SecondsToTarget = null }, diverged);
        Says("No run reached 85% test accuracy. ASP diverged at step 1,234: a gradient was not finite.", Bsp with { SecondsToTarget = null }, diverged);
        Says("ASP diverged at step 1,234: a gradient was not finite.", Bsp with { TargetAccuracy = null }, diverged with { TargetAccuracy = null });
        Assert.Contains("ASP diverged at step 1,234", ComparisonPicture.Compose([Bsp, diverged]), StringComparison.Ordinal);
    }

    [Fact]
    public void Waiting_is_told_with_its_reason() => Says(
        "Waiting for others took 50.0% under BSP, 10.0% under SSP(2) and 0.0% under ASP of the workers' time. "
        + "Under BSP every step lasts as long as its slowest worker takes, so each slow step of one is a slow step of all.", Bsp, Ssp, Asp);

    [Fact]
    public void Accuracies_closer_than_half_a_point_are_not_ranked() => Says(
        "At the end the test accuracies were 86.00% (BSP), 85.90% (SSP(2)) and 85.80% (ASP): less than half a point apart, which one run each cannot tell from chance.", Bsp, Ssp, Asp);

    [Fact]
    public void Accuracies_further_apart_are_only_listed() =>
        Says("At the end the test accuracies were 86.00% (BSP) and 70.00% (ASP).", Bsp, Asp with { FinalScore = 0.7 });

    [Fact]
    public void Fewer_updates_under_BSP_are_not_left_to_be_mistaken_for_staleness()
    {
        const string Sentence = "For the same examples BSP makes fewer updates: one of all 2 workers' gradients together, where the others make one of each worker's.";
        Says(Sentence, Two(Bsp), Two(Asp));
        Assert.DoesNotContain(new ComparisonText([Two(Ssp), Two(Asp)]).Findings(), finding => finding.Contains("fewer updates", StringComparison.Ordinal));

        static RunRecord Two(RunRecord run) => run with { Workers = [run.Workers[0], run.Workers[0]] };
    }

    [Fact]
    public void Different_amounts_of_data_are_admitted() => Says(
        "The runs did not see equally many examples: 6,400 (BSP) and 64 (ASP).", Bsp, Asp with { Workers = [Asp.Workers[0] with { Examples = 64 }] });

    [Fact]
    public void A_target_barely_reached_is_called_partly_chance() => Says(
        "ASP never got half a point above the target, so when it was first reached is partly chance.", Bsp, Asp with { FinalScore = 0.851 });

    [Fact]
    public void Options_that_differ_besides_the_policy_are_named() => Says(
        "Besides their policy the runs differ in --lr.",
        Bsp with { Options = [new("--lr", "0.1"), new("--seed", "1"), new("--consistency", "bsp")] },
        Asp with { Options = [new("--lr", "0.05"), new("--seed", "1"), new("--consistency", "asp")] });

    [Fact]
    public void Nothing_is_said_where_there_is_nothing_to_say() => Assert.Empty(new ComparisonText(
        [Bsp with { TargetAccuracy = null, Workers = [], FinalScore = null }, Bsp with { TargetAccuracy = null, Workers = [], FinalScore = null }]).Findings());

    [Fact]
    public void Bounded_staleness_that_beats_both_is_praised() => Concludes(
        "Here SSP(2) was faster to the target than BSP. SSP(2) was faster than ASP, where staleness cost more than not waiting saved.",
        Bsp, Ssp, Asp with { SecondsToTarget = 30 });

    [Fact]
    public void Bounded_staleness_that_asynchrony_beats_is_not_praised() => Concludes(
        "ASP was faster still: its staleness, up to 9 clocks, did no harm that this run shows, but nothing would have bounded it.", Bsp, Ssp, Asp);

    [Fact]
    public void Bounded_staleness_that_does_not_pay_is_told() =>
        Concludes("Here it did not pay: SSP(2) took longer to the target than BSP.", Bsp, Ssp with { SecondsToTarget = 25 });

    [Fact]
    public void Bounded_staleness_that_makes_no_difference_is_told() =>
        Concludes("Here it made little difference: SSP(2) was about as fast to the target as BSP.", Bsp, Ssp with { SecondsToTarget = 20.5 });

    [Fact]
    public void A_run_that_missed_the_target_is_not_called_the_faster_one() =>
        Concludes("Here it did not pay: SSP(2) took longer to the target than BSP.", Bsp, Ssp with { SecondsToTarget = null });

    [Fact]
    public void A_bound_that_is_always_exhausted_is_explained() => Concludes(
        "Its workers still waited 45.0% of their time: whoever is slow all the time soon is s clocks behind, and then sets the pace as under BSP.",
        Bsp, Run("SSP(2)", 2, seconds: 20.1, idle: 0.45, accuracy: 0.86));

    [Fact]
    public void Runs_that_differ_in_more_than_their_policy_are_not_judged() => Concludes(
        "These runs differ in more than their policy, so their times do not say whether it paid.", Bsp, Ssp with { Stragglers = "rank 1 is slow" });

    [Fact]
    public void The_fastest_bound_of_several_is_the_one_that_is_judged() =>
        Concludes("Here SSP(4) was faster to the target than BSP.", Bsp, Ssp, Run("SSP(4)", 4, seconds: 7, idle: 0.05, accuracy: 0.86));

    [Fact]
    public void Without_bounded_staleness_there_is_nothing_to_judge() => Assert.Null(new ComparisonText([Bsp, Asp]).BoundedStaleness());

    [Fact]
    public void Stragglers_are_told_once_if_all_runs_met_the_same() =>
        Assert.Equal("All runs met the same stragglers: rank 1 is slow.", new ComparisonText([Slow(Bsp), Slow(Asp)]).Stragglers());

    [Fact]
    public void Stragglers_are_told_run_by_run_if_they_differ() => Assert.Equal(
        "The stragglers differ. BSP and SSP(2): rank 1 is slow. ASP: none.", new ComparisonText([Slow(Bsp), Slow(Ssp), Asp]).Stragglers());

    [Fact]
    public void No_stragglers_are_told_too() => Assert.Contains("No step was made slow", new ComparisonText([Bsp, Asp]).Stragglers(), StringComparison.Ordinal);

    [Fact]
    public void Runs_under_the_same_policy_are_numbered() => Assert.Equal(["BSP", "ASP", "BSP #2", "BSP #3"], new[] { Bsp, Asp, Bsp, Bsp }.Names());

    [Fact]
    public void A_bound_can_not_help_against_a_lasting_straggler()
    {
        const string Sentence = "SSP(2) can't help against a worker that is slow all the time: once the others are as far ahead as the bound allows, "
            + "it ties all of them to the slowest worker's pace, as BSP does from the first step.";
        Says(Sentence, Lasting(Bsp), Lasting(Ssp), Lasting(Asp));
        Assert.DoesNotContain(new ComparisonText([Lasting(Bsp), Lasting(Asp)]).Findings(), finding => finding.Contains("can't help", StringComparison.Ordinal));
        Assert.DoesNotContain(Sentence, new ComparisonText([Bsp, Ssp, Asp]).Findings());

        static RunRecord Lasting(RunRecord run) => run with { LastingStraggler = 1 };
    }

    [Fact]
    public void Rounds_that_closed_without_a_worker_are_told()
    {
        var worker = Bsp.Workers[0];
        var backup = Bsp with { Consistency = "BSP + 1 backup", BackupWorkers = 1, Workers = [worker with { RoundsMissed = 2 }, worker with { Rank = 1, RoundsMissed = 40 }] };
        Says("Under BSP + 1 backup a round does not wait for the slowest: a worker was left out 42 times, rank 1 most often (40), and did its step again.", Bsp, backup);
        var late = worker with { Rank = 1, RoundsMissed = 80 };
        Says("Under BSP + 1 backup a round does not wait for the slowest: a worker was left out 80 times, rank 1 most often (80), and did its step again. "
            + "As it is always late, its part of the data counts for little until the others are done with theirs.",
            Bsp, backup with { LastingStraggler = 1, Workers = [worker, late] });
        Says("Under BSP + 1 backup no round closed without a worker.", backup with { Workers = Bsp.Workers });
        Assert.Contains("A round closes without its slowest worker", RunText.Rule(backup), StringComparison.Ordinal);
        Assert.False(backup.IsSynchronous());
    }

    [Fact]
    public void Runs_with_backup_workers_are_not_among_those_that_update_for_each_worker() => Says(
        "For the same examples BSP makes fewer updates: one of all 2 workers' gradients together, where ASP makes one of each worker's.",
        [.. new[] { Bsp, Bsp with { Consistency = "BSP + 1 backup", BackupWorkers = 1 }, Asp }.Select(run => run with { Workers = [run.Workers[0], run.Workers[0]] })]);

    [Fact]
    public void Times_to_the_target_are_multiples_of_the_first_runs()
    {
        Assert.Equal((1.0, 0.5, 0.4), (Bsp.TimeRatio(Bsp), Ssp.TimeRatio(Bsp), Asp.TimeRatio(Bsp)));
        Assert.Null((Ssp with { SecondsToTarget = null }).TimeRatio(Bsp));
        Assert.Null(Ssp.TimeRatio(Bsp with { SecondsToTarget = null }));
        Assert.Null(Ssp.TimeRatio(Bsp with { SecondsToTarget = 0 }));
        var body = ComparisonPage.Compose([Bsp, Asp]);
        Assert.Contains("x BSP</th>", body, StringComparison.Ordinal);
        Assert.Contains("0.40</td>", body, StringComparison.Ordinal);
    }

    private static void Says(string sentence, params RunRecord[] runs) => Assert.Contains(sentence, new ComparisonText(runs).Findings());

    private static void Concludes(string end, params RunRecord[] runs) => Assert.EndsWith(end, new ComparisonText(runs).BoundedStaleness(), StringComparison.Ordinal);

    private static RunRecord Slow(RunRecord run) => run with { Stragglers = "rank 1 is slow" };

    private static RunRecord Run(string policy, int? bound, double seconds, double idle, double accuracy) => new()
    {
        Title = policy, Model = "MLP", Dataset = "digits", When = DateTimeOffset.UnixEpoch, Machine = "a machine", Consistency = policy, StalenessBound = bound,
        Workers = [new(0, 100, 6400, 100, 100 * (1 - idle), 100 * idle, bound ?? 9, 1, 0.3)], Staleness = [new(bound ?? 9, 100)],
        Seconds = 100, FinalScore = accuracy, TargetAccuracy = 0.85, SecondsToTarget = seconds,
    };
}
