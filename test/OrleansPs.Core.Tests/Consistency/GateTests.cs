using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>SSP and ASP: how far ahead of the slowest a worker may be, and where a joiner begins.</summary>
public class GateTests
{
    [Fact]
    public void SSP_lets_the_fastest_be_s_clocks_ahead_and_no_further() => CoordinatorStory.Tell(StaleSynchronous(2), """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => 0 clock c1 min0
        clock 0     => 0 clock c2 min0
        clock 0     => -
        waiting     => 0
        clock 0 s3  => 0 clock Refused
        clock 1     => 0 clock c3 min1, 1 clock c1 min1
        """);

    [Fact]
    public void SSP_of_0_keeps_all_in_one_clock() => CoordinatorStory.Tell(StaleSynchronous(0), """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => -
        clock 1     => 0 clock c1 min1, 1 clock c1 min1
        """);

    [Fact]
    public void SSP_waits_for_ranks_that_never_joined_and_not_for_those_that_are_gone() => CoordinatorStory.Tell(StaleSynchronous(1), """
        join 0      => 0 joins .1 s0 c0
        clock 0     => 0 clock c1 min0
        clock 0     => -
        join 1      => 0 clock c2 min2, 1 joins .1 s0 c2 min2
        waiting     => -
        clock 1     => 1 clock c3 min2
        leave 0     => 0 is heard min3
        clock 1     => 1 clock c4 min4
        clock 1     => 1 clock c5 min5
        """);

    [Fact]
    public void SSP_joins_at_the_slowest_live_clock_so_that_nobody_waits_out_an_old_gap() => CoordinatorStory.Tell(StaleSynchronous(1), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        evict 1         => -
        clock 0         => 0 clock c1 min1
        clock 0         => 0 clock c2 min2
        clock 0         => 0 clock c3 min3
        join 1 resume   => 1 joins .2 s0 c3 min3
        clock 0         => 0 clock c4 min3
        clock 0         => -
        join 5          => 5 joins .1 s0 c3 min3
        # Step and clock are apart by the offset of the join.
        clock 1         => 1 clock c4 min3
        clock 5         => 0 clock c5 min4, 5 clock c4 min4
        """);

    [Fact]
    public void SSP_of_one_who_is_alone_goes_on_at_his_own_clock() => CoordinatorStory.Tell(StaleSynchronous(1), """
        join 0          => 0 joins .1 s0 c0
        leave 1 i0      => 1 is heard min0
        clock 0         => 0 clock c1 min1
        clock 0         => 0 clock c2 min2
        join 0 resume   => 0 joins .2 s2 c2 q20 min2
        evict 0         => -
        join 5          => 5 joins .1 s0 c2 min2
        """);

    [Fact]
    public void ASP_never_waits_and_joins_where_the_rank_was() => CoordinatorStory.Tell(Asynchronous, """
        join 0          => 0 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        clock 0         => 0 clock c2 min0
        clock 0         => 0 clock c3 min0
        join 5          => 5 joins .1 s0 c0
        clock 5         => 5 clock c1 min0
        evict 0         => -
        join 0 resume   => 0 joins .2 s3 c3 q30
        """);

    [Fact]
    public void The_slowest_clock_never_falls() => CoordinatorStory.Tell(Asynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        clock 1         => 1 clock c1 min1
        clock 0         => 0 clock c2 min1
        # A new rank begins at 0; what everybody was told stays true, and its own clock is not behind itself.
        join 5          => 5 joins .1 s0 c0 min1
        clock 5         => 5 clock c1 min1
        beat 0          => 0 is heard min1
        """);

    [Fact]
    public void A_worker_that_is_behind_the_slowest_is_told_no_more_than_its_own_clock() => CoordinatorStory.Tell(Asynchronous, """
        join 0          => 0 joins .1 s0 c0
        evict 1         => -
        clock 0         => 0 clock c1 min1
        clock 0         => 0 clock c2 min2
        clock 0         => 0 clock c3 min3
        join 1          => 1 joins .1 s0 c0 min3
        clock 1         => 1 clock c1 min1
        """);

    [Fact]
    public void A_rank_that_is_out_of_data_holds_nobody_back() => CoordinatorStory.Tell(StaleSynchronous(0), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        out 1           => 1 is heard min1, 0 clock c1 min1
        clock 0         => 0 clock c2 min2
        out 0           => 0 is heard min2
        join 0          => 0 joins .2 s2 c2 q20 min2
        """);

    [Fact]
    public void A_closed_gate_is_answered_after_a_second_and_asked_again() => CoordinatorStory.Tell(StaleSynchronous(0), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        tick +1         => 0 clock Waiting
        clock 0 s0      => -
        clock 0 s0      => 0 clock Waiting
        clock 1         => 0 clock c1 min1, 1 clock c1 min1
        """);
}
