using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Blocks;
using static OrleansPs.ConsistencyPolicy;
using static OrleansPs.WorkerStatus;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>A model goes on from a cut: who is waited for, where each rank stands, and who owns the data of absent ranks.</summary>
public class RestoreTests
{
    [Fact]
    public void Ranks_go_on_where_the_cut_has_them() => Restored(BulkSynchronous, null, Rank(0, Live, 4), Rank(1, Live, 4)).Tell("""
        # Sessions of the generation before are sent to join again.
        beat 0 g2 i2    => 0 word OtherGeneration
        clock 0 g2 i2   => 0 clock OtherGeneration
        join 0 i2       => 0 joins .3 s4 c4 q40 min4 cut9 restored5
        clock 0         => -
        # Those that were live are waited for.
        tick +4         => 0 clock Waiting
        clock 0 s4      => -
        join 1          => 1 joins .3 s4 c4 q40 min4 cut9 restored5
        clock 1         => 0 clock c5 min5 cut9 [4:0.3,1.3], 1 clock c5 min5 cut9 [4:0.3,1.3]
        # The number after the newest one ever given out, not after the one restored.
        snapshot        => cut 10 freeze 10 at 5 4..4
        """);

    [Fact]
    public void Under_SSP_the_gate_goes_on_from_the_slowest_clock() => Restored(StaleSynchronous(1), null,
        Rank(0, Live, 5), Rank(1, Live, 4), Rank(6, Evicted, 2)).Tell("""
        join 0          => 0 joins .3 s5 c4 q50 min4 cut9 restored5
        clock 0         => 0 clock c5 min4 cut9
        clock 0         => -
        # Rank 1 joins at the clock of rank 0, so its own gap is nobody's.
        join 1          => 0 clock c6 min6 cut9, 1 joins .3 s4 c6 q40 min6 cut9 restored5
        clock 0         => 0 clock c7 min6 cut9
        """);

    [Fact]
    public void A_rank_that_was_there_has_six_leases_to_come_back_and_a_new_one_has_all_time()
    {
        var away = string.Concat(Enumerable.Repeat("tick +5 => -\n", 11));
        var story = Restored(BulkSynchronous, 3, Rank(0, Live, 4), Rank(1, Evicted, 4)).Tell($"""
            join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
            {away}
            beat 0          => 0 is heard min4
            tick +4.9       => -
            """);
        Assert.Equal([Live, Expected, Expected], Statuses(story));
        story.Tell("tick +0.1 => -");
        Assert.Equal([Live, Evicted, Expected], Statuses(story));
    }

    [Fact]
    public void Those_who_were_done_or_gone_are_not_waited_for()
    {
        var story = Restored(BulkSynchronous, null, Rank(0, Live, 4), Rank(2, OutOfData, 3), Rank(3, Left, 2), Rank(5, Evicted, 1)).Tell("""
            join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
            clock 0         => 0 clock c5 min5 cut9 [4:0.3]
            join 3          => 3 joins .3 s2 c5 q20 min5 cut9 restored5 4..4
            """);
        Assert.Equal([Live, OutOfData, Live, Evicted], Statuses(story));
    }

    [Fact]
    public void A_number_of_workers_calls_back_the_evicted_and_nobody_who_was_done()
    {
        var story = Restored(BulkSynchronous, 4, Rank(0, Live, 4), Rank(1, Left, 2), Rank(2, OutOfData, 3), Rank(3, Evicted, 1)).Tell("""
            join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
            clock 0         => -
            join 3          => 3 joins .3 s1 c4 q10 min4 cut9 restored5
            clock 3         => 0 clock c5 min5 cut9 [4:0.3,3.3], 3 clock c5 min5 cut9 [4:0.3,3.3]
            """);
        Assert.Equal([Live, Left, OutOfData, Live], Statuses(story));
    }

    [Fact]
    public void With_fewer_workers_the_data_of_absent_ranks_goes_to_those_that_stay()
    {
        var story = Restored(BulkSynchronous, 2, Rank(0, Live, 4), Rank(1, OutOfData, 4), Rank(2, Live, 4), Rank(3, Live, 4), Rank(4, Evicted, 1)).Tell("""
            join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5 inherits 2:s4:q40 inherits 4:s1:q10
            clock 0         => -
            # Rank 1 was done; now it has the data of rank 3 to do, and is waited for.
            join 1          => 1 joins .3 s4 c4 q40 min4 cut9 restored5 inherits 3:s4:q40
            clock 1         => 0 clock c5 min5 cut9 [4:0.3,1.3], 1 clock c5 min5 cut9 [4:0.3,1.3]
            """);
        Assert.Equal([Live, Live, Evicted, Evicted, Evicted], Statuses(story));
    }

    [Fact]
    public void Absent_ranks_that_had_nothing_left_leave_nothing()
    {
        var story = Restored(BulkSynchronous, 1, Rank(0, Live, 4), Rank(1, OutOfData, 4), Rank(2, Left, 2)).Tell("""
            join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
            """);
        Assert.Equal([Live, OutOfData, Left], Statuses(story));
    }

    [Fact]
    public void An_absent_rank_that_comes_back_all_the_same_loses_no_push()
    {
        // Blocks know its pushes up to step 4. From step 0 on, all it did would be taken for duplicates.
        var story = Restored(Asynchronous, 1, Rank(0, Live, 4), Rank(1, Live, 4)).Tell("""
            join 1 i2       => 1 joins .3 s4 c4 q40 min4 cut9 restored5
            """);
        var spec = CoordinatorStory.Spec(Asynchronous);
        var shape = BlockLayout.Create(spec).Blocks[0];
        var before = new BlockReplica(spec, shape, 2);
        Assert.Equal(BlockStatus.Ok, before.Push(new() { Generation = 2, Rank = 1, Step = 3 }, null, []).Status);
        var block = new BlockReplica(spec, shape, 3, image: Replicas.ImageOf(before, 5), cut: story.State.NewestCut);
        var next = new MessageHeader { Generation = 3, Rank = 1, Incarnation = 3, Step = story.State.Ranks[1].Record.Step, Cut = 9 };
        Assert.Equal(BlockStatus.Duplicate, block.Push(next with { Step = 3 }, null, []).Status);
        Assert.Equal(BlockStatus.Ok, block.Push(next, null, []).Status);
    }

    [Fact]
    public void With_more_workers_the_new_ones_start_at_step_0_in_the_open_round() => Restored(BulkSynchronous, 3, Rank(0, Live, 4)).Tell("""
        join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
        join 1          => 1 joins .1 s0 c4 min4 cut9 restored5
        clock 0         => -
        clock 1         => -
        join 2          => 2 joins .1 s0 c4 min4 cut9 restored5
        clock 2         => 0 clock c5 min5 cut9 [4:0.3,1.1,2.1], 1 clock c5 min5 cut9 [4:0.3,1.1,2.1], 2 clock c5 min5 cut9 [4:0.3,1.1,2.1]
        """);

    [Fact]
    public void What_was_inherited_stays_with_the_heir_while_its_rank_is_away()
    {
        RankRecord[] ranks = [Rank(0, Live, 4), Rank(1, Live, 4, new InheritedCursor(3, 2, 20)), Rank(2, Evicted, 2), Rank(3, Evicted, 2)];
        Assert.Equal(["3:2"], InheritedBy(1, null, ranks));
        // Rank 3 modulo 3 is 0, but its data has an heir already.
        Assert.Equal([], InheritedBy(0, 3, ranks));
        Assert.Equal(["3:2"], InheritedBy(1, 3, ranks));
        // With 1 worker the heir is absent too, and hands on what it had.
        Assert.Equal(["1:4", "3:2", "2:2"], InheritedBy(0, 1, ranks));
        // Rank 3 may be of another time, and the cut know nothing of it but its cursor.
        Assert.Equal(["3:2"], InheritedBy(1, 2, ranks[..2]));
    }

    [Fact]
    public void What_an_absent_heir_has_done_is_nobodys_to_do_again()
    {
        RankRecord[] done = [Rank(0, Live, 4), Rank(1, OutOfData, 6, new InheritedCursor(3, 2, 20)), Rank(3, Evicted, 2)];
        Assert.Equal([], InheritedBy(0, 1, done));
        // And so it stays, however often the model is put back.
        var once = Restore(Asynchronous, 1, done).Ranks.Values.Select(r => r.Record).ToArray();
        Assert.Equal(["3:2"], InheritedBy(1, null, once));
        Assert.Equal([], InheritedBy(0, 1, once));
    }

    [Fact]
    public void A_rank_that_comes_back_has_its_own_data_again()
    {
        RankRecord[] away = [Rank(0, Live, 4), Rank(1, Live, 4, new InheritedCursor(3, 2, 20)), Rank(3, Evicted, 2)];
        Assert.Equal([], InheritedBy(1, 4, away));
        Assert.Equal("3.2 Expected s2 c2 q20", Telling.Of(Restore(Asynchronous, 4, away).Ranks[3].Record));
        // It came back by itself and has gone on since: its own cursor counts, not the old one.
        RankRecord[] back = [Rank(0, Live, 4), Rank(1, Live, 4, new InheritedCursor(3, 2, 20)), Rank(3, Live, 3)];
        Assert.Equal(["3:3"], InheritedBy(1, 2, back));
    }

    [Fact]
    public void Ranks_beyond_the_limit_are_not_kept()
    {
        var state = Restore(Asynchronous, 2, Rank(0, Live, 4), Rank(1, Live, 4), Rank(7, Live, 4), Rank(8, Live, 4));
        Assert.Equal([0, 1, 7], state.Ranks.Keys);
        Assert.Equal(8, Assert.Single(state.Ranks[0].Record.Inherited).Rank);
    }

    [Fact]
    public void A_new_model_goes_on_counting_the_cuts_of_one_before()
    {
        var spec = CoordinatorStory.Spec(Asynchronous);
        new CoordinatorStory(spec, ControlState.Create(spec, generation: 4, newestCut: 7)).Tell("""
            join 0          => 0 joins .1 s0 c0 cut7
            beat 0 g0       => 0 word OtherGeneration
            join 1          => 1 joins .1 s0 c0 cut7
            snapshot        => cut 8
            """);
    }

    [Fact]
    public void The_first_cut_after_a_restore_goes_by_the_restored_places() => Restored(BulkSynchronous, null, Rank(0, Live, 4), Rank(1, Evicted, 2)).Tell("""
        join 0          => 0 joins .3 s4 c4 q40 min4 cut9 restored5
        clock 0         => 0 clock c5 min5 cut9 [4:0.3]
        join 1          => 1 joins .3 s2 c5 q20 min5 cut9 restored5 4..4
        clock 1         => -
        snapshot        => cut 10 freeze 10 at 5 4..4
        frozen 10       => write 10
        wrote 10 b0     => manifest 10 at 5: 0.3 Live s5 c5 q50; 1.3 Live s2 c5 q20 in chunk0
        """);

    private static RankRecord Rank(int rank, WorkerStatus status, long step, params InheritedCursor[] inherited) =>
        new(rank, 2, status, step, step, 10 * step) { Inherited = inherited };

    private static CoordinatorStory Restored(ConsistencyPolicy policy, int? workers, params RankRecord[] ranks) =>
        new(CoordinatorStory.Spec(policy), Restore(policy, workers, ranks));

    private static ControlState Restore(ConsistencyPolicy policy, int? workers, params RankRecord[] ranks) => ControlState.Restore(
        CoordinatorStory.Spec(policy), new SnapshotManifest
        {
            Model = "story",
            Cut = 5,
            Generation = 2,
            Round = 4,
            TakenAt = DateTimeOffset.UnixEpoch,
            Spec = CoordinatorStory.Spec(policy),
            Ranks = ranks,
            Chunks = [],
            Open = [],
        }, generation: 3, newestCut: 9, workers);

    private static IEnumerable<string> InheritedBy(int rank, int? workers, RankRecord[] ranks) =>
        Restore(Asynchronous, workers, ranks).Ranks[rank].Record.Inherited.Select(i => $"{i.Rank}:{i.Step}");

    private static IEnumerable<WorkerStatus> Statuses(CoordinatorStory story) => story.State.Ranks.Values.Select(r => r.Record.Status);
}
