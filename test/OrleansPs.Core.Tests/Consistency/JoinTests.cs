using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Who plays a rank: nonces make joins idempotent, incarnations fence.</summary>
public class JoinTests
{
    [Fact]
    public void The_same_nonce_is_the_same_join() => CoordinatorStory.Tell(Asynchronous, """
        join 0              => 0 joins .1 s0 c0
        join 0 again        => 0 joins .1 s0 c0
        clock 0             => 0 clock c1 min0
        join 0 again        => 0 joins .1 s1 c1 q10
        """);

    [Fact]
    public void A_rank_beyond_the_limit_is_refused() => CoordinatorStory.Tell(Asynchronous, """
        join 8              => 8 join RankOutOfRange
        join -1             => -1 join RankOutOfRange
        join 7              => 7 joins .1 s0 c0
        """);

    [Fact]
    public void Another_session_takes_a_rank_over_and_the_one_before_is_fenced() => CoordinatorStory.Tell(StaleSynchronous(0), """
        join 0 n1           => 0 joins .1 s0 c0
        join 1              => 1 joins .1 s0 c0
        clock 0             => -
        join 0 n2           => 0 clock Fenced, 0 joins .2 s1 c0 q10
        clock 0 i1 s1       => 0 clock Fenced
        beat 0 i1           => 0 word Fenced
        out 0 i1            => 0 word Fenced
        # Its resume finds a newer incarnation in its place.
        join 0 n3 i1        => 0 join Fenced
        beat 0 i2           => 0 is heard min0
        """);

    [Fact]
    public void A_join_that_comes_late_takes_nothing_over() => CoordinatorStory.Tell(Asynchronous, """
        join 0 n1           => 0 joins .1 s0 c0
        join 0 n2 i1        => 0 joins .2 s0 c0
        # The network delivers the first join once more. It must not fence the session it was of.
        join 0 n1           => 0 join Fenced
        beat 0 i2           => 0 is heard min0
        join 0 n3 i2        => 0 joins .3 s0 c0
        join 0 n1           => 0 join Fenced
        join 0 n2 i1        => 0 join Fenced
        beat 0 i3           => 0 is heard min0
        """);

    [Fact]
    public void Of_past_nonces_a_few_are_kept()
    {
        var story = CoordinatorStory.Tell(Asynchronous, """
            join 0 n1           => 0 joins .1 s0 c0
            join 0 n2           => 0 joins .2 s0 c0
            join 0 n3           => 0 joins .3 s0 c0
            join 0 n4           => 0 joins .4 s0 c0
            join 0 n5           => 0 joins .5 s0 c0
            join 0 n6           => 0 joins .6 s0 c0
            join 0 n2           => 0 join Fenced
            """);
        Assert.Equal([5, 4, 3, 2], story.State.Ranks[0].PastNonces.Select(n => (int)n.ToByteArray()[0]));
    }

    [Fact]
    public void A_join_that_was_overtaken_by_an_eviction_is_told_so() => CoordinatorStory.Tell(Asynchronous, """
        join 0 n1           => 0 joins .1 s0 c0
        # The answer was lost, and the lease ran out before the session asked again.
        evict 0             => -
        join 0 n1           => 0 join Evicted .1
        beat 0              => 0 word Evicted
        join 0 n2 i1        => 0 joins .2 s0 c0
        leave 0             => 0 is heard min0
        join 0 n2           => 0 join Evicted .2
        join 0 n3           => 0 joins .3 s0 c0
        """);

    [Fact]
    public void A_join_that_waits_is_let_go_when_the_rank_is_evicted() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0              => 0 joins .1 s0 c0
        join 1              => 1 joins .1 s0 c0
        clock 0             => -
        join 0 resume       => 0 clock Fenced
        tick +0.5           => -
        evict 0             => 0 join Evicted .2
        # Even if the session never heard of incarnation 2, it is not fenced by its own join.
        join 0 i1           => -
        tick +1             => 0 join Waiting
        join 0 again        => -
        join 0              => 0 join Fenced
        clock 1             => 0 joins .4 s1 c1 q10 min1 0..0, 1 clock c1 min1 [0:0.1,1.1]
        """);

    [Fact]
    public void Words_of_nobody_are_refused() => CoordinatorStory.Tell(Asynchronous, """
        beat 5              => 5 word Refused
        beat 0 i1           => 0 word Refused
        # Who is of a newer generation knows more than this coordinator.
        leave 0 g1          => 0 word NotCoordinator
        join 0 n9 i1 g1     => 0 join NotCoordinator
        """);
}
