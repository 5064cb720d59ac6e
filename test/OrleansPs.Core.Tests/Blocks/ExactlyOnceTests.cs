using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>P1 at one block: a push counts once, whatever the network does with it.</summary>
public class ExactlyOnceTests
{
    [Fact]
    public void A_push_that_comes_twice_counts_once() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,2      => Ok
        push r0 s0 n0 +1,2      => Duplicate
        pushpull r0 s0 n0 +1,2  => Duplicate 1 2
        values                  => Ok 1 2
        """);

    [Fact]
    public void Pushes_of_a_step_may_come_in_any_order() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n3 +8,_      => Ok
        push r0 s0 n1 +2,_      => Ok
        push r0 s0 n3 +8,_      => Duplicate
        push r0 s0 n0 +1,_      => Ok
        push r0 s0 n1 +2,_      => Duplicate
        values                  => Ok 11 0
        """);

    [Fact]
    public void A_push_of_an_older_step_is_a_duplicate() => BlockStory.Tell(Asynchronous, """
        push r0 s4 n0 +1,_      => Ok
        push r0 s6 n0 +2,_      => Ok
        push r0 s4 n1 +4,_      => Duplicate
        push r0 s5 n0 +4,_      => Duplicate
        push r0 s6 n1 +8,_      => Ok
        values                  => Ok 11 0
        """);

    [Fact]
    public void Ranks_do_not_share_their_identities() => BlockStory.Tell(StaleSynchronous(1), """
        push r0 s9 n0 +1,_      => Ok
        push r1 s0 n0 +2,_      => Ok
        push r3 s0 n0 +4,_      => Ok
        push r1 s0 n0 +2,_      => Duplicate
        values                  => Ok 7 0
        """);

    [Fact]
    public void A_sequence_outside_the_window_is_refused() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n3 +1,_      => Ok
        push r0 s0 n4 +1,_      => WindowExceeded
        push r0 s0 n-1 +1,_     => WindowExceeded
        values                  => Ok 1 0
        """);

    [Fact]
    public void A_window_may_be_wider_than_a_word_of_bits() => BlockStory.Tell(
        BlockStory.Spec(Asynchronous) with { PushesPerStep = 130 }, """
        push r0 s0 n129 +1,_    => Ok
        push r0 s0 n1 +2,_      => Ok
        push r0 s0 n65 +4,_     => Ok
        push r0 s0 n129 +1,_    => Duplicate
        push r0 s0 n65 +4,_     => Duplicate
        push r0 s1 n65 +8,_     => Ok
        values                  => Ok 15 0
        """);

    [Fact]
    public void A_newer_incarnation_completes_the_half_step_of_the_one_before() => BlockStory.Tell(Asynchronous, """
        push r0.1 s0 n0 +1,_    => Ok
        # The session dies and comes back; its replay is the same step with the same batch.
        push r0.2 s0 n0 +1,_    => Duplicate
        push r0.2 s0 n1 +2,_    => Ok
        push r0.1 s0 n2 +4,_    => Fenced
        push r0.2 s0 n2 +4,_    => Ok
        values                  => Ok 7 0
        """);

    [Fact]
    public void An_older_incarnation_is_fenced_in_all_it_does() => BlockStory.Tell(Asynchronous, """
        push r0.3 s0 n0 +1,_    => Ok
        push r0.2 s1 n0 +1,_    => Fenced
        pull r0.2               => Fenced
        pushpull r0.2 s1 +1,_   => Fenced
        pull r0.3               => Ok 1 0
        pull r1.1               => Ok 1 0
        """);

    [Fact]
    public void A_fence_by_hand_only_ever_rises() => BlockStory.Tell(Asynchronous, """
        fence r2.5              => Ok
        push r2.4 s0 n0 +1,_    => Fenced
        fence r2.3              => Ok
        push r2.4 s0 n0 +1,_    => Fenced
        push r2.5 s0 n0 +1,_    => Ok
        fence r2.9 g1           => OtherGeneration
        push r2.5 s0 n1 +1,_    => Ok
        """);

    [Theory]
    [InlineData(ConsistencyMode.Asynchronous)]
    [InlineData(ConsistencyMode.BulkSynchronous)]
    public void Messages_of_another_generation_or_epoch_change_nothing(ConsistencyMode mode) => BlockStory.Tell(
        mode == ConsistencyMode.Asynchronous ? Asynchronous : BulkSynchronous, """
        push g1 r0 s0 c0 n0 +1,_    => OtherGeneration
        pull g1 r0                  => OtherGeneration
        pushpull g1 r0 +1,_         => OtherGeneration
        certify g1 [0:0.1]          => OtherGeneration
        freeze g1 cut1              => OtherGeneration
        take g1 cut1                => OtherGeneration
        drop g1 cut1                => OtherGeneration
        push e1 r0 s0 c0 n0 +1,_    => OtherEpoch
        pull e1 r0                  => OtherEpoch
        certify e1 [0:0.1]          => OtherEpoch
        take e1 cut1                => OtherEpoch
        drop e1 cut1                => OtherEpoch
        fence e1 r0.7               => OtherEpoch
        push r0 s0 c0 n0 +1,_       => Ok
        """);

    [Fact]
    public void A_frozen_parameter_takes_pushes_and_keeps_its_values()
    {
        var spec = BlockStory.Spec(Asynchronous) with { Groups = [new("still") { Frozen = true }] };
        BlockStory.Tell(spec with { Parameters = [spec.Parameters[0], spec.Parameters[1] with { Group = "still" }] }, """
            push r0 s0 n0 +1,1          => Ok
            push r0 s0 n0 +1,1          => Duplicate
            # A cut in between: its copy of the frozen parameter is the same.
            push r0 s1 n0 cut1 +1,1     => Ok
            push r1 s0 n0 +2,2          => Ok
            take cut1                   => Ok 3 0 r0.1:s0:1 r1.1:s0:1
            values                      => Ok 4 0
            """);
    }

    [Fact]
    public void A_frozen_parameter_stands_still_through_a_round_too()
    {
        var spec = BlockStory.Spec(BulkSynchronous) with { Groups = [new("still") { Frozen = true }] };
        BlockStory.Tell(spec with { Parameters = [spec.Parameters[0], spec.Parameters[1] with { Group = "still" }] }, """
            push r0 c0 n0 +1,1          => Ok
            pull r0 c1 [0:0.1]          => Ok 1 0
            """);
    }
}
