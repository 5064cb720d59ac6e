namespace OrleansPs.Torture.Tests;

/// <summary>The last line of a run, and the exit status that follows it.</summary>
public sealed class VerdictTests
{
    private static readonly Figures Good = new()
    {
        Minutes = 10,
        Seed = 42,
        Replicated = true,
        Faults = new Dictionary<FaultKind, int> { [FaultKind.KillSilo] = 100, [FaultKind.CutSilos] = 18 },
        Acknowledged = 81_234,
        SnapshotsAttempted = 61,
        SnapshotsCompleted = 57,
        KillsMeasured = 100,
        UnavailableMedian = 0.31,
        UnavailableLongest = 1.12,
        Withheld = 0.09,
    };

    [Fact]
    public void A_run_in_which_all_was_kept_passes()
    {
        var verdict = Verdict.Of(Good);

        Assert.Equal("PASS: 10 min, seed 42: 118 faults, 81,234 pushes acknowledged, 0 lost, 0 twice, 57 of 61 snapshots, 0 wrong, " +
            "unavailable median 0.31 s, longest 1.12 s, withheld 9 %", verdict.Line);
        Assert.Equal(0, verdict.ExitStatus);
    }

    [Fact]
    public void It_says_what_was_not_done_and_what_snapshots_alone_cost()
    {
        var line = Verdict.Of(Good with { Replicated = false, Restores = 2, SetBack = 9, TakenBack = 70, WithoutNetwork = "this is not root" }).Line;

        Assert.StartsWith("PASS: ", line, StringComparison.Ordinal);
        Assert.Contains("70 taken back in 2 restores", line, StringComparison.Ordinal);
        Assert.EndsWith("network not cut (this is not root)", line, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Broken => new()
    {
        { "lost", "1 pushes lost" },
        { "twice", "1 pushes twice" },
        { "wrong", "1 snapshots wrong" },
        { "restored", "1 restores" },
        { "forgotten", "1 finished steps forgotten" },
        { "stale", "1 pulls without the worker's own pushes" },
        { "problem", "rank 3 hangs" },
        { "idle", "no push was acknowledged" },
        { "unread", "no snapshot could be checked" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_run_in_which_anything_was_broken_fails_and_says_why(string what, string why)
    {
        var verdict = Verdict.Of(what switch
        {
            "lost" => Good with { Lost = 1 },
            "twice" => Good with { Twice = 1 },
            "wrong" => Good with { SnapshotsWrong = 1 },
            "restored" => Good with { Restores = 1 },
            "forgotten" => Good with { SetBack = 1 },
            "stale" => Good with { StalePulls = 1 },
            "problem" => Good with { Problems = ["rank 3 hangs."] },
            "idle" => Good with { Acknowledged = 0 },
            _ => Good with { SnapshotsUnread = 57 },
        });

        Assert.StartsWith($"FAIL: {why}; 10 min, seed 42: ", verdict.Line, StringComparison.Ordinal);
        Assert.Equal(1, verdict.ExitStatus);
    }

    [Fact]
    public void Of_many_reasons_it_says_the_first_ones() => Assert.StartsWith(
        "FAIL: 5 pushes lost, a, b and 2 more; ", Verdict.Of(Good with { Lost = 5, Problems = ["a", "b", "c", "d"] }).Line, StringComparison.Ordinal);

    [Fact]
    public void Where_there_was_no_run_it_fails() => Assert.Equal(
        new Verdict(false, "FAIL: the silos did not get ready; seed 7"), Verdict.NoRun(7, "the silos did not get ready."));
}
