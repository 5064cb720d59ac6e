using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>BSP: a round closes when all who take part have contributed, by identity.</summary>
public class RoundTests
{
    [Fact]
    public void A_round_closes_when_the_last_rank_has_clocked() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => -
        clock 1     => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        clock 1     => -
        clock 0     => 0 clock c2 min2 [1:0.1,1.1], 1 clock c2 min2 [1:0.1,1.1]
        """);

    [Fact]
    public void A_clock_that_comes_twice_counts_once() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0 s0  => -
        # The older call is let go; its session has long given it up.
        clock 0 s0  => 0 clock Waiting
        clock 0 s0  => 0 clock Waiting
        clock 1 s0  => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        # The reply was lost: the same question has the same answer.
        clock 0 s0  => 0 clock c1 min1 [0:0.1,1.1]
        clock 0 s1  => -
        """);

    [Fact]
    public void The_first_round_waits_for_ranks_that_never_joined() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        clock 0     => -
        tick +4     => 0 clock Waiting
        tick +4     => -
        beat 0      => 0 is heard min0
        tick +4     => -
        beat 0      => 0 is heard min0
        tick +4     => -
        clock 0 s0  => -
        join 1      => 1 joins .1 s0 c0
        clock 1     => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        """);

    [Fact]
    public void A_clock_for_a_step_that_is_not_the_next_is_refused() => CoordinatorStory.Tell(BulkSynchronous, """
        clock 0         => 0 clock Refused
        clock 7         => 7 clock Refused
        join 0          => 0 joins .1 s0 c0
        clock 0 s1      => 0 clock Refused
        clock 0 s0 q-1  => 0 clock Refused
        clock 0 s-1     => 0 clock Refused
        clock 0 i2      => 0 clock Refused
        clock 0 g1      => 0 clock NotCoordinator
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        clock 1         => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        clock 0         => -
        clock 1         => 0 clock c2 min2 [1:0.1,1.1], 1 clock c2 min2 [1:0.1,1.1]
        # Long past, by a copy of a message that was on the way for long.
        clock 0 s0      => 0 clock Refused
        clock 0 s1      => 0 clock c2 min2 [1:0.1,1.1]
        """);

    [Fact]
    public void Nobody_ends_a_step_that_the_gate_has_not_opened() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0 s0  => -
        # It would lose its place in the open round.
        clock 0 s1  => 0 clock Refused
        clock 1 s0  => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        """);

    [Fact]
    public void A_rank_that_is_out_of_data_takes_no_part_in_rounds() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => -
        out 1       => 1 is heard min0, 0 clock c1 min1 [0:0.1]
        clock 1     => 1 clock Refused
        beat 1      => 1 is heard min1
        clock 0     => 0 clock c2 min2 [1:0.1]
        # It may come back: into the open round, which then waits for it.
        join 1      => 1 joins .2 s0 c2 min2 0..1
        clock 0     => -
        clock 1     => 0 clock c3 min3 [2:0.1,1.2], 1 clock c3 min3 [2:0.1,1.2]
        """);

    [Fact]
    public void A_rank_that_leaves_after_its_step_still_contributed() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 1     => -
        leave 1     => 1 clock Refused, 1 is heard min0
        leave 1     => 1 is heard min0
        clock 0     => 0 clock c1 min1 [0:0.1,1.1]
        clock 0     => 0 clock c2 min2 [1:0.1]
        """);

    [Fact]
    public void A_round_without_any_contribution_does_not_close()
    {
        var story = CoordinatorStory.Tell(BulkSynchronous, """
            join 0      => 0 joins .1 s0 c0
            join 1      => 1 joins .1 s0 c0
            out 0       => 0 is heard min0
            leave 1     => 1 is heard min0
            leave 0     => 0 is heard min0
            """);
        Assert.Equal(0, story.State.Round);
        Assert.Equal([WorkerStatus.Left, WorkerStatus.Left], story.State.Ranks.Values.Select(r => r.Record.Status));
    }

    [Fact]
    public void An_evicted_rank_that_had_contributed_is_in_its_round_and_comes_back_behind_it() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 1         => -
        evict 1         => 1 clock Evicted
        clock 1 s0      => 1 clock Evicted
        # Its step is done, so its new incarnation has to wait for the next round.
        join 1 resume   => -
        waiting         => 1
        # Lost on the way, asked again: still the same join.
        join 1 again    => 1 join Waiting
        clock 0         => 0 clock c1 min1 [0:0.1,1.1], 1 joins .2 s1 c1 q10 min1 0..0
        clock 1         => -
        clock 0         => 0 clock c2 min2 [1:0.1,1.2], 1 clock c2 min2 [1:0.1,1.2]
        """);

    [Fact]
    public void An_evicted_rank_that_had_not_contributed_is_not_in_the_round() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        evict 1         => 0 clock c1 min1 [0:0.1]
        evict 1         => -
        evict 5         => -
        clock 1         => 1 clock Evicted
        beat 1          => 1 word Evicted
        leave 1         => 1 is heard min1
        join 1 resume   => 1 joins .2 s0 c1 min1 0..0
        """);

    [Fact]
    public void A_rank_that_comes_back_in_the_middle_of_a_step_does_it_again() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        join 1 resume   => 1 joins .2 s0 c0
        # What the first incarnation still says reaches nobody.
        clock 1 i1      => 1 clock Fenced
        beat 1 i1       => 1 word Fenced
        clock 1         => 0 clock c1 min1 [0:0.1,1.2], 1 clock c1 min1 [0:0.1,1.2]
        """);

    [Fact]
    public void A_new_rank_joins_the_open_round_and_is_waited_for() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        clock 1         => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        clock 0         => -
        join 5          => 5 joins .1 s0 c1 min1 0..0
        clock 1         => -
        clock 5         => 0 clock c2 min2 [1:0.1,1.1,5.1], 1 clock c2 min2 [1:0.1,1.1,5.1], 5 clock c2 min2 [1:0.1,1.1,5.1]
        """);

    [Fact]
    public void A_clock_is_answered_after_a_second_at_the_latest() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        clock 0         => -
        tick +0.9       => -
        tick +0.1       => 0 clock Waiting
        waiting         => -
        clock 0 s0      => -
        waiting         => 0
        """);
}
