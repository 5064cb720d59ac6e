using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Changes of policy: when all stand still, the record has it, then the blocks, then the workers.</summary>
public class PolicyTests
{
    [Fact]
    public void From_rounds_to_none_everybody_stops_behind_the_round() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        policy ssp2 => -
        clock 0     => -
        clock 1     => change blocks to 1 SSP(2) at 0 from 1 0..0
        # Nobody goes on before all blocks have it.
        clock 0 s0  => 0 clock Waiting
        changed 1   => in force 1, 0 clock c1 min1 1 SSP(2), 1 clock c1 min1 1 SSP(2)
        clock 0     => 0 clock c2 min1 1 SSP(2)
        clock 0     => 0 clock c3 min1 1 SSP(2)
        clock 0     => -
        """);

    [Fact]
    public void From_none_to_rounds_all_go_on_in_the_round_of_the_fastest() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => 0 clock c1 min0
        clock 0     => 0 clock c2 min0
        policy bsp  => -
        clock 0     => -
        clock 1     => change blocks to 1 BSP at 3 from -1
        changed 1   => in force 1, 0 clock c3 min3 1 BSP, 1 clock c3 min3 1 BSP
        clock 1     => -
        clock 0     => 0 clock c4 min4 [3:0.1,1.1] 1 BSP, 1 clock c4 min4 [3:0.1,1.1] 1 BSP
        """);

    [Fact]
    public void A_late_copy_of_a_clock_is_not_standing_still() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => 0 clock c1 min0
        policy ssp0 => -
        clock 1     => -
        # It was let through and is at work: its last clock comes once more.
        clock 0 s0  => 0 clock c1 min1
        clock 0     => change blocks to 1 SSP(0) at 0 from -1
        """);

    [Fact]
    public void A_round_that_has_begun_is_ended_first_also_by_who_came_meanwhile() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0        => 0 joins .1 s0 c0
        join 1        => 1 joins .1 s0 c0
        evict 1       => -
        join 1 resume => 1 joins .2 s0 c0
        evict 1       => -
        policy asp    => -
        join 1 resume => -
        clock 0       => 1 joins .3 s0 c0
        clock 1       => change blocks to 1 ASP at 0 from 1 0..0
        """);

    [Fact]
    public void Who_holds_a_change_up_is_known_by_name() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        policy bsp  => -
        clock 0     => -
        wait +3     => -
        stragglers  => 1 for 3
        evict 1     => change blocks to 1 BSP at 1 from -1
        """);

    [Fact]
    public void A_change_waits_for_the_open_cut_and_no_other_one_begins() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        evict 1     => -
        snapshot    => cut 1
        policy bsp  => -
        # Nobody is held for a change that waits for a storage.
        clock 0     => write 1, 0 clock c1 min1 cut1
        snapshot    => cut 2
        wrote 1 b0  => manifest 1 at 1: 0.1 Live s1 c1 q10; 1.0 Evicted s0 c0 q0 in chunk0
        clock 0     => 0 clock c2 min2 cut1
        manifest 1  => end 1 done
        clock 0     => change blocks to 1 BSP at 3 from -1
        changed 1   => in force 1, freeze 2 at 3, 0 clock c3 min3 cut2 1 BSP
        """);

    [Fact]
    public void Blocks_that_do_not_answer_are_told_again() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        evict 1     => -
        policy bsp  => -
        clock 0     => change blocks to 1 BSP at 1 from -1
        tick +0.5   => -
        unchanged 1 => -
        tick +0.1   => -
        tick +0.2   => change blocks to 1 BSP at 1 from -1
        changed 0   => -
        changed 1   => in force 1, 0 clock c1 min1 1 BSP
        changed 1   => -
        """);

    [Fact]
    public void A_new_coordinator_ends_a_change_that_is_in_the_record_and_drops_one_that_is_not() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        policy asp  => -
        clock 0     => -
        takeover    => -
        clock 0 s0  => -
        clock 1     => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        policy asp  => -
        clock 0     => -
        clock 1     => change blocks to 1 ASP at 0 from 2 0..1
        takeover    => change blocks to 1 ASP at 0 from 2 0..1
        clock 0 s1  => -
        changed 1   => in force 1, 0 clock c2 min2 1 ASP
        clock 1 s1  => 1 clock c2 min2 1 ASP
        """);

    [Fact]
    public void A_new_coordinator_does_not_know_who_is_at_work() => CoordinatorStory.Tell(Asynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        takeover    => -
        policy bsp  => -
        clock 0     => -
        clock 1     => change blocks to 1 BSP at 1 from -1
        """);

    [Fact]
    public void Learning_rate_and_backup_workers_change_between_two_rounds() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        policy b1 x0.5 => -
        clock 0     => -
        clock 1     => change blocks to 1 BSP, 1 backup workers, lr x 0.5 at 1 from 1 0..0
        changed 1   => in force 1, 0 clock c1 min1 1 BSP, 1 backup workers, lr x 0.5, 1 clock c1 min1 1 BSP, 1 backup workers, lr x 0.5
        clock 0     => 0 clock c2 min2 [1:0.1] 1 BSP, 1 backup workers, lr x 0.5
        """);

    [Fact]
    public void What_is_asked_for_last_counts() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        policy asp  => -
        policy ssp1 => -
        clock 0     => -
        policy bsp  => -
        clock 1     => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        """);
}
