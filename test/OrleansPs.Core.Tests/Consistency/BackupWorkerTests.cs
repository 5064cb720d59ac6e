using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Backup workers: a round closes without the slowest ones. And who is slow is known.</summary>
public class BackupWorkerTests
{
    private static CoordinatorStory Of(int workers, int backups) =>
        new(CoordinatorStory.Spec(BulkSynchronous, workers) with { BackupWorkers = backups });

    [Fact]
    public void A_round_closes_with_the_first_ones_and_a_late_step_is_done_again() => Of(workers: 3, backups: 1).Tell("""
        join 0        => 0 joins .1 s0 c0
        join 1        => 1 joins .1 s0 c0
        join 2        => 2 joins .1 s0 c0
        clock 2       => -
        clock 0       => 0 clock c1 min1 [0:0.1,2.1], 2 clock c1 min1 [0:0.1,2.1]
        missed        => 0 1 0
        clock 1       => 1 clock StepClosed
        # It goes on in the open round, with its step and its data.
        join 1 resume => 1 joins .2 s0 c1 min1 0..0
        clock 1       => -
        clock 0       => 0 clock c2 min2 [1:0.1,1.2], 1 clock c2 min2 [1:0.1,1.2]
        clock 2       => 2 clock StepClosed
        missed        => 0 1 1
        """);

    [Fact]
    public void A_step_that_was_ended_stays_ended_whatever_closes_before_its_answer_is_heard() => Of(workers: 3, backups: 2).Tell("""
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        join 2      => 2 joins .1 s0 c0
        clock 0     => 0 clock c1 min1 [0:0.1]
        clock 0     => 0 clock c2 min2 [1:0.1]
        clock 0     => 0 clock c3 min3 [2:0.1]
        clock 0 s2  => 0 clock c3 min3 [2:0.1]
        missed      => 0 3 3
        """);

    [Fact]
    public void A_late_copy_of_the_first_join_is_known_however_often_the_rank_was_late() => Of(workers: 2, backups: 1).Tell("""
        join 0        => 0 joins .1 s0 c0
        join 1 n7     => 1 joins .1 s0 c0
        clock 0       => 0 clock c1 min1 [0:0.1]
        join 1 resume => 1 joins .2 s0 c1 min1 0..0
        join 1 resume => 1 joins .3 s0 c1 min1 0..0
        join 1 resume => 1 joins .4 s0 c1 min1 0..0
        join 1 resume => 1 joins .5 s0 c1 min1 0..0
        join 1 resume => 1 joins .6 s0 c1 min1 0..0
        join 1 resume => 1 joins .7 s0 c1 min1 0..0
        join 1 n7     => 1 join Fenced
        """);

    [Fact]
    public void Many_messages_of_one_rank_are_one_contribution() => Of(workers: 4, backups: 1).Tell("""
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        join 2      => 2 joins .1 s0 c0
        clock 0     => -
        clock 0 s0  => 0 clock Waiting
        clock 0 s0  => 0 clock Waiting
        clock 1     => -
        leave 1     => 1 clock Refused, 1 is heard min0
        # One of the two who are in has left: of three that take part two must be in.
        clock 2     => 0 clock c1 min1 [0:0.1,1.1,2.1], 2 clock c1 min1 [0:0.1,1.1,2.1]
        """);

    [Fact]
    public void The_last_one_is_waited_for() => Of(workers: 2, backups: 1).Tell("""
        join 0      => 0 joins .1 s0 c0
        leave 0     => 0 is heard min0
        tick +1     => -
        join 1      => 1 joins .1 s0 c0
        clock 1     => 1 clock c1 min1 [0:1.1]
        """);

    [Fact]
    public void Who_holds_a_round_up_is_known_by_name_and_since_when() => Of(workers: 3, backups: 0).Tell("""
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        stragglers  => -
        clock 1     => -
        wait +0.5   => -
        clock 0     => -
        stragglers  => 2 for 0.5
        tick +4     => 0 clock Waiting, 1 clock Waiting
        # Whoever is told to ask again waits all the same.
        stragglers  => 2 for 4.5
        join 2      => 2 joins .1 s0 c0
        clock 2     => 2 clock c1 min1 [0:0.1,1.1,2.1]
        clock 0 s0  => 0 clock c1 min1 [0:0.1,1.1,2.1]
        stragglers  => -
        """);

    [Fact]
    public void Who_holds_the_gate_up_is_known_under_SSP() => CoordinatorStory.Tell(StaleSynchronous(1), """
        join 0      => 0 joins .1 s0 c0
        join 1      => 1 joins .1 s0 c0
        clock 0     => 0 clock c1 min0
        stragglers  => -
        clock 0     => -
        wait +2     => -
        stragglers  => 1 for 2
        evict 1     => 0 clock c2 min2
        stragglers  => -
        """);
}
