using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>P5 at the coordinator: when a cut begins, what its manifest holds, what ends it.</summary>
public class CutTests
{
    [Fact]
    public void Under_BSP_a_cut_is_the_last_closed_round_and_no_round_closes_until_all_have_frozen() =>
        CoordinatorStory.Tell(BulkSynchronous, """
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            clock 0         => -
            clock 1         => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
            clock 0         => -
            snapshot        => cut 1 freeze 1 at 1 0..0
            clock 1         => -
            frozen 2        => -
            frozen 1        => write 1, 0 clock c2 min2 cut1 [1:0.1,1.1], 1 clock c2 min2 cut1 [1:0.1,1.1]
            frozen 1        => -
            clock 0         => -
            # The round that was open then is not in it, nor are the steps that were done for it.
            wrote 1 b0      => manifest 1 at 1: 0.1 Live s1 c1 q10; 1.1 Live s1 c1 q10 in chunk0
            wrote 1 b0      => -
            manifest 1      => end 1 done
            manifest 1      => -
            snapshot        => cut 2 freeze 2 at 2 0..1
            """);

    [Fact]
    public void Under_BSP_a_rank_that_came_in_the_open_round_stands_before_its_first_step() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        evict 1         => 0 clock c1 min1 [0:0.1]
        join 1 resume   => 1 joins .2 s0 c1 min1 0..0
        join 5          => 5 joins .1 s0 c1 min1 0..0
        clock 1         => -
        clock 5         => -
        # Both have contributed to round 1, which is not in the cut: a restore must wait for them and have them do it again.
        snapshot        => cut 1 freeze 1 at 1 0..0
        leave 5         => 5 clock Refused, 5 is heard min1
        frozen 1        => write 1
        wrote 1 b0      => manifest 1 at 1: 0.1 Live s1 c1 q10; 1.2 Live s0 c1 q0; 5.1 Live s0 c1 q0 in chunk0
        """);

    [Fact]
    public void Under_BSP_a_rank_that_does_not_take_part_keeps_its_place() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        out 1 i0        => 1 is heard min0
        clock 0         => 0 clock c1 min1 [0:0.1]
        snapshot        => cut 1 freeze 1 at 1 0..0
        join 5          => 5 joins .1 s0 c1 min1 cut1 0..0
        frozen 1        => write 1
        wrote 1 b0      => manifest 1 at 1: 0.1 Live s1 c1 q10; 1.0 OutOfData s0 c0 q0; 5.1 Live s0 c1 q0 in chunk0
        """);

    [Fact]
    public void Otherwise_each_rank_adopts_a_cut_at_its_next_clock() => CoordinatorStory.Tell(StaleSynchronous(3), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        snapshot        => cut 1
        clock 0         => 0 clock c2 min0 cut1
        clock 0         => 0 clock c3 min0 cut1
        clock 1         => write 1, 1 clock c1 min1 cut1
        clock 1         => 1 clock c2 min2 cut1
        # Each rank as it was when it adopted the cut.
        wrote 1 b0      => manifest 1 at 1: 0.1 Live s2 c2 q20; 1.1 Live s1 c1 q10 in chunk0
        manifest 1      => end 1 done
        """);

    [Fact]
    public void A_rank_that_waits_at_a_closed_gate_has_no_push_under_way_and_adopts_there() => CoordinatorStory.Tell(StaleSynchronous(1), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        clock 0         => -
        snapshot        => cut 1
        clock 1         => write 1, 0 clock c2 min1 cut1, 1 clock c1 min1 cut1
        wrote 1 b0      => manifest 1 at 1: 0.1 Live s2 c2 q20; 1.1 Live s1 c1 q10 in chunk0
        """);

    [Fact]
    public void A_rank_that_was_told_to_ask_again_adopts_when_it_does() => CoordinatorStory.Tell(StaleSynchronous(0), """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        tick +1         => 0 clock Waiting
        snapshot        => cut 1
        clock 0 s0      => -
        clock 1         => write 1, 0 clock c1 min1 cut1, 1 clock c1 min1 cut1
        """);

    [Fact]
    public void A_joiner_begins_in_the_open_cut_and_evictions_count_as_adopting_it() => CoordinatorStory.Tell(Asynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        snapshot        => cut 1
        join 5          => 5 joins .1 s0 c0 cut1
        # Rank 0 dies and is back: its half step stays open, and its new incarnation carries the cut.
        join 0 resume   => 0 joins .2 s1 c1 q10 cut1
        # Rank 1 dies for good.
        evict 1         => write 1
        join 7          => 7 joins .1 s0 c0 cut1
        wrote 1 b0 r0:s1:101 r1:s0:10 => manifest 1 at 0: 0.2 Live s1 c1 q10; 1.1 Evicted s0 c0 q0; 5.1 Live s0 c0 q0; 7.1 Live s0 c0 q0 in chunk0; open b0 r0 s1 n0,n2; open b0 r1 s0 n1
        """);

    [Fact]
    public void Pushes_of_finished_steps_are_not_open() => new CoordinatorStory(CoordinatorStory.Spec(Asynchronous), blocks: 2).Tell("""
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        snapshot        => cut 1
        clock 0         => 0 clock c2 min0 cut1
        leave 1         => 1 is heard min2, write 1
        # Block 1 was last touched in step 0, block 0 in step 1; both steps are finished. Rank 1 left in the middle of one.
        wrote 1 b1 r0:s0:1 r1:s0:11  => -
        wrote 1 b0 r0:s1:1 r1:s0:1   => manifest 1 at 2: 0.1 Live s2 c2 q20; 1.1 Left s0 c0 q0 in chunk0 chunk1; open b0 r1 s0 n0; open b1 r1 s0 n0,n1
        """);

    [Fact]
    public void Pushes_of_a_rank_that_a_chunk_knows_and_the_cut_does_not_are_all_open() => CoordinatorStory.Tell(Asynchronous, """
        snapshot            => cut 1 write 1
        wrote 1 b0 r6:s2:11 => manifest 1 at 0: 0.0 Expected s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0; open b0 r6 s2 n0,n1
        """);

    [Fact]
    public void With_nobody_there_a_cut_begins_at_once() => CoordinatorStory.Tell(Asynchronous, """
        snapshot        => cut 1 write 1
        wrote 1 b0      => manifest 1 at 0: 0.0 Expected s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0
        manifest 1      => end 1 done
        evict 0         => -
        evict 1         => -
        snapshot        => cut 2 write 2
        wrote 2 b0      => manifest 2 at 0: 0.0 Evicted s0 c0 q0; 1.0 Evicted s0 c0 q0 in chunk0
        """);

    [Fact]
    public void One_cut_is_open_at_a_time_and_the_next_one_waits_for_its_end() => CoordinatorStory.Tell(Asynchronous, """
        snapshot        => cut 1 write 1
        snapshot        => cut 2
        snapshot        => cut 2
        wrote 2 b0      => -
        wrote 1 b0      => manifest 1 at 0: 0.0 Expected s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0
        manifest 1      => end 1 done, write 2
        failed 1 late   => -
        failed 2 disk   => end 2 given up: disk
        """);

    [Fact]
    public void A_cut_asked_for_by_hand_that_failed_is_not_tried_again_by_itself()
    {
        var story = CoordinatorStory.Tell(BulkSynchronous, """
            join 0          => 0 joins .1 s0 c0
            snapshot        => cut 1 freeze 1 at 0
            failed 1 disk   => end 1 given up: disk
            frozen 1        => -
            wrote 1 b0      => -
            tick +1         => -
            tick +60        => -
            """);
        Assert.Equal("disk", story.Coordinator.SnapshotError);
        Assert.Equal(0, story.State.LastCut);
        story.Tell("""
            # Asked for again it need not wait.
            snapshot        => cut 2 freeze 2 at 0
            failed 2 disk   => end 2 given up: disk
            snapshot        => cut 3 freeze 3 at 0
            frozen 3        => write 3
            wrote 3 b0      => manifest 3 at 0: 0.1 Live s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0
            manifest 3      => end 3 done
            tick +2         => -
            """);
        Assert.Null(story.Coordinator.SnapshotError);
        Assert.Equal(3, story.State.LastCut);
    }

    [Fact]
    public void A_cut_that_the_cadence_asked_for_is_tried_again_after_pauses_that_double_up_to_a_minute() => EverySecond().Tell("""
        tick +1         => freeze 1 at 0
        failed 1 disk   => end 1 given up: disk
        tick +0.9       => -
        tick +0.1       => freeze 2 at 0
        failed 2 disk   => end 2 given up: disk
        tick +1.9       => -
        tick +0.1       => freeze 3 at 0
        failed 3 disk   => end 3 given up: disk
        tick +4         => freeze 4 at 0
        failed 4 disk   => end 4 given up: disk
        tick +8         => freeze 5 at 0
        failed 5 disk   => end 5 given up: disk
        tick +16        => freeze 6 at 0
        failed 6 disk   => end 6 given up: disk
        tick +32        => freeze 7 at 0
        failed 7 disk   => end 7 given up: disk
        tick +59.9      => -
        tick +0.1       => freeze 8 at 0
        failed 8 disk   => end 8 given up: disk
        tick +59.9      => -
        tick +0.1       => freeze 9 at 0
        """);

    [Fact]
    public void The_pauses_start_over_after_a_success() => EverySecond().Tell("""
        tick +1         => freeze 1 at 0
        failed 1 disk   => end 1 given up: disk
        tick +1         => freeze 2 at 0
        failed 2 disk   => end 2 given up: disk
        tick +2         => freeze 3 at 0
        frozen 3        => write 3
        wrote 3 b0      => manifest 3 at 0: 0.0 Expected s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0
        manifest 3      => end 3 done
        tick +1         => freeze 4 at 0
        failed 4 disk   => end 4 given up: disk
        tick +0.9       => -
        tick +0.1       => freeze 5 at 0
        """);

    [Fact]
    public void A_failure_by_hand_does_not_put_the_cadence_off() => new CoordinatorStory(
        CoordinatorStory.Spec(BulkSynchronous) with { Durability = DurabilityPolicy.Snapshot(interval: TimeSpan.FromSeconds(5)) }).Tell("""
        tick +3         => -
        snapshot        => cut 1 freeze 1 at 0
        failed 1 disk   => end 1 given up: disk
        tick +1.9       => -
        # Five seconds after the start, not after the failure.
        tick +0.1       => freeze 2 at 0
        failed 2 disk   => end 2 given up: disk
        # What fails by hand while the cadence waits to try again is tried again for the cadence.
        snapshot        => cut 3 freeze 3 at 0
        failed 3 disk   => end 3 given up: disk
        tick +3.9       => -
        tick +0.1       => freeze 4 at 0
        """);

    [Fact]
    public void A_snapshot_is_due_after_so_many_clocks_of_the_slowest() => new CoordinatorStory(
        CoordinatorStory.Spec(Asynchronous) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 2) }).Tell("""
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => 0 clock c1 min0
        clock 0         => 0 clock c2 min0
        clock 0         => 0 clock c3 min0
        clock 1         => 1 clock c1 min1
        clock 1         => 1 clock c2 min2
        # Rank 1 was let through with the cut not adopted: the slowest clock is 2 now, and the cut has just begun.
        clock 1         => 1 clock c3 min3 cut1
        clock 0         => write 1, 0 clock c4 min3 cut1
        wrote 1 b0      => manifest 1 at 3: 0.1 Live s4 c4 q40; 1.1 Live s3 c3 q30 in chunk0
        manifest 1      => end 1 done
        tick +1         => -
        clock 1         => 1 clock c4 min4 cut1
        clock 1         => 1 clock c5 min4 cut2
        """);

    [Fact]
    public void A_snapshot_is_due_after_so_much_time() => new CoordinatorStory(
        CoordinatorStory.Spec(BulkSynchronous) with { Durability = DurabilityPolicy.Snapshot(interval: TimeSpan.FromSeconds(3)) }).Tell("""
        tick +2.9       => -
        tick +0.1       => freeze 1 at 0
        failed 1 disk   => end 1 given up: disk
        tick +0.5       => -
        tick +0.5       => freeze 2 at 0
        frozen 2        => write 2
        wrote 2 b0      => manifest 2 at 0: 0.0 Expected s0 c0 q0; 1.0 Expected s0 c0 q0 in chunk0
        tick +5         => -
        manifest 2      => end 2 done, freeze 3 at 0
        """);

    [Fact]
    public void A_new_coordinator_gives_up_the_open_cut_and_never_uses_its_number_again()
    {
        var story = CoordinatorStory.Tell(Asynchronous, """
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            snapshot        => cut 1
            clock 0         => 0 clock c1 min0 cut1
            takeover        => end 1 given up: a new coordinator took over
            wrote 1 b0      => -
            clock 0         => 0 clock c2 min0 cut1
            snapshot        => cut 2
            clock 1         => 1 clock c1 min1 cut2
            clock 0         => write 2, 0 clock c3 min1 cut2
            """);
        Assert.Equal(2, story.State.NewestCut);
    }

    private static CoordinatorStory EverySecond() => new(
        CoordinatorStory.Spec(BulkSynchronous) with { Durability = DurabilityPolicy.Snapshot(interval: TimeSpan.FromSeconds(1)) });
}
