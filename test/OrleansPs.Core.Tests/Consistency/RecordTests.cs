using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>One decision: nothing is told to anyone before the control record has it.</summary>
public class RecordTests
{
    [Fact]
    public void Nothing_is_told_before_the_record_has_it() => CoordinatorStory.Tell(BulkSynchronous, """
        hold            => -
        join 0          => -
        join 1          => -
        accept 1        => 0 joins .1 s0 c0
        clock 0         => -
        beat 1 i1       => -
        accept 2        => 1 joins .1 s0 c0, 1 is heard min0
        clock 1 s0 i1   => -
        # Of the two last entries, the step and the certificate, one is not enough.
        accept 1        => -
        accept 1        => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        snapshot        => cut 1
        accept          => freeze 1 at 1 0..0
        evict 1         => -
        accept          => -
        beat 1          => 1 word Evicted
        """);

    [Fact]
    public void A_coordinator_whose_entry_is_refused_tells_nothing_it_had_decided() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        depose          => -
        # The certificate that would let both go is not in the record: both are sent to the next coordinator.
        clock 1         => 0 clock NotCoordinator, 1 clock NotCoordinator
        """);

    [Fact]
    public void What_waits_for_the_record_when_a_coordinator_stops_is_refused() => CoordinatorStory.Tell(BulkSynchronous, """
        hold                => -
        join 0              => -
        snapshot            => cut 1
        beat 0 i1           => -
        clock 0 i1 s0       => -
        stop OtherGeneration => 0 join OtherGeneration, 0 word OtherGeneration, 0 clock OtherGeneration
        """);

    [Fact]
    public void A_deposed_coordinator_answers_every_call_to_come() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        snapshot        => cut 1 freeze 1 at 0
        clock 1         => -
        depose          => -
        leave 0         => 0 word NotCoordinator, 1 clock NotCoordinator
        join 0          => 0 join NotCoordinator
        join 5          => 5 join NotCoordinator
        clock 0 s0      => 0 clock NotCoordinator
        beat 0          => 0 word NotCoordinator
        evict 1         => -
        tick +1         => -
        snapshot        => cut 0
        frozen 1        => -
        certified 3     => -
        failed 1 x      => -
        manifest 1      => -
        wrote 1 b0      => -
        stop Evicted    => -
        join 0          => 0 join NotCoordinator
        # Its successor never heard that rank 0 left.
        takeover        => end 1 given up: a new coordinator took over
        clock 1 s0      => -
        clock 0 s0      => 0 clock c1 min1 cut1 [0:0.1,1.1], 1 clock c1 min1 cut1 [0:0.1,1.1]
        """);

    [Fact]
    public void When_the_model_is_put_back_all_who_wait_are_told() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        stop OtherGeneration => 0 clock OtherGeneration
        join 1          => 1 join OtherGeneration
        """);

    [Fact]
    public void What_was_told_survives_a_new_coordinator() => CoordinatorStory.Tell(BulkSynchronous, """
        join 0          => 0 joins .1 s0 c0
        join 1          => 1 joins .1 s0 c0
        clock 0         => -
        takeover        => -
        # Rank 0's session got no answer and asks the new one; its contribution is in the record.
        clock 0 s0      => -
        clock 1         => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
        takeover        => -
        join 0 again    => 0 joins .1 s1 c1 q10 min1 0..0
        clock 1 s0      => 1 clock c1 min1 [0:0.1,1.1]
        """);

    [Fact]
    public void A_record_refuses_older_terms_and_gaps()
    {
        var spec = CoordinatorStory.Spec(Asynchronous);
        var record = new ControlRecord(spec, ControlState.Create(spec));
        var entry = new RankJoined(0, new(1, 0, 0, new byte[8]), 1, 0);
        Assert.NotNull(record.Raise(3));
        Assert.NotNull(record.Raise(3));
        Assert.Null(record.Raise(2));
        Assert.Equal(3, record.Term);
        Assert.False(record.Append(2, 1, entry));
        Assert.False(record.Append(3, 2, entry));
        Assert.Equal(0, record.Index);
        Assert.True(record.Append(3, 1, entry));
        Assert.True(record.Append(3, 1, entry));
        Assert.Equal(1, record.Index);
        Assert.NotNull(record.Raise(4));
        Assert.False(record.Append(3, 2, entry));
        Assert.Equal(1, record.Raise(5)!.Ranks[0].Record.Incarnation);
    }

    [Fact]
    public void A_copy_of_a_state_goes_its_own_way()
    {
        var spec = CoordinatorStory.Spec(Asynchronous);
        var state = ControlState.Create(spec, generation: 3, newestCut: 7);
        state.Apply(new RankJoined(0, new(1, 0, 0, new byte[8]), 1, 0));
        state.Apply(new CutOpened(8));
        var copy = state.Clone(spec);
        Assert.Equal(Telling.Of(state), Telling.Of(copy));
        var before = Telling.Of(state);
        copy.Apply(new CutAdopted([0]));
        copy.Apply(new StepFinished(0, 5));
        copy.Apply(new RoundClosed(new(0, [new CertificateMember(0, 1)])));
        Assert.Equal(before, Telling.Of(state));
        Assert.NotEqual(before, Telling.Of(copy));
    }
}
