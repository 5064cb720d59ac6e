namespace OrleansPs.Torture.Tests;

/// <summary>What a worker put down, read back.</summary>
public sealed class RankHistoryTests
{
    [Fact]
    public void A_ledger_is_read_as_it_was_written_but_for_a_line_that_a_kill_broke_off()
    {
        var pushed = new LedgerEvent(LedgerEventKind.Pushed, TimeSpan.FromTicks(123), 4, 7);

        Assert.Equal([pushed, pushed], LedgerEvent.Read($"{pushed}\n{pushed}\nP 99 4"));
        Assert.Throws<FormatException>(() => LedgerEvent.Read("Z 1 2 3\n"));
    }

    [Fact]
    public void Who_follows_a_killed_worker_does_its_open_step_again()
    {
        var history = RankHistory.Of([Read("J 1 0 0", "P 2 0 0", "C 3 1 1", "P 4 1 0"), Read("J 9 1 0", "P 10 1 0", "C 11 2 2", "E 12 2 2")]);

        Assert.Equal((3, 0, 2, 2), (history.Pushes, history.SetBack, history.Finished, history.Ended));
    }

    [Fact]
    public void Who_was_killed_before_it_put_down_its_clock_finished_that_step_all_the_same() =>
        Assert.Equal(0, RankHistory.Of([Read("J 1 0 0", "P 2 0 0"), Read("J 9 1 0")]).SetBack);

    [Fact]
    public void Finished_steps_that_have_to_be_done_again_are_counted_with_their_pushes()
    {
        var history = RankHistory.Of([Read("J 1 0 0", "P 2 0 0", "C 3 1 1", "P 4 1 0", "C 5 2 2", "P 6 2 0", "J 7 1 3", "P 8 1 0", "C 9 2 2")]);

        Assert.Equal((1, 2), (history.SetBack, history.TakenBack));
        Assert.Null(history.Ended);
    }

    private static IReadOnlyList<LedgerEvent> Read(params string[] lines) => LedgerEvent.Read(string.Join('\n', lines) + "\n");
}
