using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Silence costs a rank its place; the coordinator's own absence does not. The lease is 10 seconds.</summary>
public class LeaseTests
{
    [Fact]
    public void A_rank_that_is_silent_for_a_lease_is_evicted() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        tick +5         => 0 clock Waiting
        clock 0 s0      => -
        tick +4.9       => 0 clock Waiting
        clock 0 s0      => -
        tick +0.1       => 0 clock c1 min1 [0:0.1]
        beat 1          => 1 word Evicted
        """);

    [Fact]
    public void Heartbeats_clocks_and_joins_renew_a_lease()
    {
        var story = CoordinatorStory.Tell(Asynchronous, """
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            join 5          => 5 joins .1 s0 c0
            tick +5         => -
            beat 0          => 0 is heard min0
            clock 1         => 1 clock c1 min0
            join 5          => 5 joins .2 s0 c0
            tick +4         => -
            tick +5         => -
            beat 0          => 0 is heard min0
            tick +2         => -
            """);
        Assert.Equal([WorkerStatus.Live, WorkerStatus.Evicted, WorkerStatus.Evicted],
            story.State.Ranks.Values.Select(r => r.Record.Status));
    }

    [Fact]
    public void When_time_jumps_it_was_the_coordinator_that_was_away() => CoordinatorStory.Tell(Asynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        tick +100       => -
        beat 0          => 0 is heard min0
        tick +5         => -
        beat 0          => 0 is heard min0
        tick +4.9       => -
        beat 1          => 1 is heard min0
        # From half a lease on it is a jump; half a lease is not.
        tick +5.1       => -
        tick +5         => -
        tick +5         => -
        beat 0          => 0 word Evicted
        beat 1          => 1 word Evicted
        """);

    [Fact]
    public void One_whose_call_is_parked_here_is_not_silent() => new CoordinatorStory(
        CoordinatorStory.Spec(BulkSynchronous) with { Lease = TimeSpan.FromSeconds(0.4) }).Tell("""
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        # A session that joins again sends no heartbeat until it has its answer; the lease is shorter than a call may wait.
        join 0 resume   => 0 clock Fenced
        tick +0.2       => -
        beat 1          => 1 is heard min0
        tick +0.2       => -
        beat 1          => 1 is heard min0
        tick +0.2       => -
        beat 1          => 1 is heard min0
        tick +0.2       => -
        beat 1          => 1 is heard min0
        tick +0.2       => 0 join Waiting
        # From here on it is.
        beat 1          => 1 is heard min0
        tick +0.2       => -
        beat 1          => 1 is heard min0
        tick +0.2       => -
        join 0 again    => 0 join Evicted .2
        """);

    [Fact]
    public void A_rank_that_nobody_took_up_has_no_lease() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        clock 0         => -
        tick +100       => 0 clock Waiting
        tick +100       => -
        clock 0 s0      => -
        join 1          => 1 joins .1 s0 c0
        """);

    [Fact]
    public void One_who_is_out_of_data_is_not_evicted_however_silent()
    {
        var story = CoordinatorStory.Tell(Asynchronous, """
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            out 0           => 0 is heard min0
            leave 1         => 1 is heard min0
            beat 0          => 0 is heard min0
            beat 1          => 1 is heard min0
            tick +5         => -
            tick +5         => -
            tick +5         => -
            evict 0         => -
            evict 1         => -
            """);
        Assert.Equal([WorkerStatus.OutOfData, WorkerStatus.Left], story.State.Ranks.Values.Select(r => r.Record.Status));
    }

    [Fact]
    public void After_a_new_term_ranks_have_six_leases_to_come_back()
    {
        var away = string.Concat(Enumerable.Repeat("tick +5 => -\n", 11));
        CoordinatorStory.Tell(BulkSynchronous, $"""
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            takeover        => -
            {away}
            clock 0         => -
            tick +4.9       => 0 clock Waiting
            clock 0 s0      => -
            # 60 seconds are over. Rank 0 was heard of.
            tick +0.1       => 0 clock c1 min1 [0:0.1]
            """);
    }
}
