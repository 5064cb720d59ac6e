using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>P5 at one block: a cut holds what came before it and nothing else, while pushes go on.</summary>
public class CutTests
{
    [Fact]
    public void The_first_push_from_after_a_cut_freezes_the_block() => BlockStory.Tell(StaleSynchronous(2), """
        push r0 s0 n0 +1,1              => Ok
        push r0 s1 n0 cut1 +2,_         => Ok
        push r0 s1 n1 cut1 +4,_         => Ok
        take cut1                       => Ok 1 1 r0.1:s0:1
        values                          => Ok 7 1
        """);

    [Fact]
    public void Pushes_from_before_the_cut_go_to_both() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,1              => Ok
        push r1 s0 n0 cut1 +2,_         => Ok
        # Rank 0 has not adopted the cut yet. Segment 0 has diverged, segment 1 is still shared.
        push r0 s0 n1 +4,4              => Ok
        push r1 s0 n1 cut1 +8,8         => Ok
        push r0 s1 n0 +16,16            => Ok
        values                          => Ok 31 29
        take cut1                       => Ok 21 21 r0.1:s1:1
        values                          => Ok 31 29
        """);

    [Fact]
    public void A_cut_keeps_its_optimizer_state_and_update_counts_to_itself()
    {
        // With momentum 1/2 the second step in a row moves by one and a half: the copy must have its own buffer and count.
        var spec = BlockStory.Spec(Asynchronous) with { Optimizer = Optimizer.Sgd(1, momentum: 0.5) };
        BlockStory.Tell(spec, """
            push r0 s0 n0 +-1,_         => Ok
            push r1 s0 n0 cut1 +-1,-1   => Ok
            push r0 s1 n0 +-1,-1        => Ok
            take cut1                   => Ok 2.5 1 r0.1:s1:1
            values                      => Ok 4.25 2.5
            """);
    }

    [Fact]
    public void A_push_may_be_a_duplicate_for_the_live_state_and_not_for_the_cut() => BlockStory.Tell(Asynchronous, """
        # The replay of rank 0 comes with the new cut; then the first attempt, sent before the cut, arrives after all.
        push r1 s0 n0 cut1 +1,_         => Ok
        push r0 s5 n0 cut1 +2,_         => Ok
        push r0 s5 n0 cut0 +2,_         => Ok
        push r0 s5 n0 cut0 +2,_         => Duplicate
        values                          => Ok 3 0
        take cut1                       => Ok 2 0 r0.1:s5:1
        """);

    [Fact]
    public void A_duplicate_for_both_counts_in_neither() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,_              => Ok
        push r1 s0 n0 cut1 +2,_         => Ok
        push r0 s0 n0 +1,_              => Duplicate
        push r0 s0 n1 +4,_              => Ok
        push r0 s0 n1 +4,_              => Duplicate
        push r1 s0 n0 cut1 +2,_         => Duplicate
        take cut1                       => Ok 5 0 r0.1:s0:11
        values                          => Ok 7 0
        """);

    [Fact]
    public void A_block_that_nobody_touched_freezes_when_the_cut_is_taken() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,_              => Ok
        take cut1                       => Ok 1 0 r0.1:s0:1
        push r0 s1 n0 cut1 +2,_         => Ok
        values                          => Ok 3 0
        """);

    [Fact]
    public void After_a_cut_was_taken_pushes_from_before_it_are_refused() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,_              => Ok
        take cut1                       => Ok 1 0 r0.1:s0:1
        # Rank 0 was evicted, and its push was on the way: it would be in no snapshot and in no replay.
        push r0 s0 n1 +2,_              => CutClosed
        pushpull r0 s0 n1 +2,_          => CutClosed
        # A duplicate is in the cut, so it may be told the truth.
        push r0 s0 n0 +1,_              => Duplicate
        # Having joined again, it carries the new cut.
        push r0.2 s0 n1 cut1 +2,_       => Ok
        values                          => Ok 3 0
        """);

    [Fact]
    public void A_cut_is_taken_once() => BlockStory.Tell(Asynchronous, """
        take cut1                       => Ok 0 0
        take cut1                       => CutClosed
        take cut0                       => CutClosed
        freeze cut1                     => CutClosed
        """);

    [Fact]
    public void A_cut_that_is_given_up_closes_nothing() => BlockStory.Tell(Asynchronous, """
        push r1 s0 n0 cut1 +1,_         => Ok
        push r0 s0 n0 cut0 +2,_         => Ok
        drop cut1                       => Ok
        take cut1                       => CutClosed
        push r0 s0 n1 cut0 +4,_         => Ok
        push r1 s0 n1 cut1 +8,_         => Ok
        # The next one begins as ever.
        push r1 s1 n0 cut2 +16,_        => Ok
        push r0 s0 n2 cut0 +32,_        => Ok
        take cut2                       => Ok 47 0 r0.1:s0:111 r1.1:s0:11
        values                          => Ok 63 0
        """);

    [Fact]
    public void A_cut_that_is_given_up_before_a_block_heard_of_it_does_not_begin_there() => BlockStory.Tell(Asynchronous, """
        drop cut1                       => Ok
        push r0 s0 n0 cut1 +1,_         => Ok
        take cut1                       => CutClosed
        push r1 s0 n0 cut0 +2,_         => Ok
        values                          => Ok 3 0
        """);

    [Fact]
    public void A_newer_cut_replaces_one_whose_end_was_not_heard() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 cut1 +1,_         => Ok
        push r0 s1 n0 cut2 +2,_         => Ok
        take cut1                       => CutClosed
        # A late word about the older cut leaves the newer one alone.
        drop cut1                       => Ok
        take cut2                       => Ok 1 0 r0.1:s0:1
        """);

    [Fact]
    public void A_freeze_by_hand_is_as_good_as_a_push() => BlockStory.Tell(Asynchronous, """
        push r0 s0 n0 +1,_              => Ok
        freeze cut1                     => Ok
        freeze cut1                     => Ok
        push r0 s1 n0 cut1 +2,_         => Ok
        take cut1                       => Ok 1 0 r0.1:s0:1
        """);

    [Fact]
    public void Commands_of_a_deposed_coordinator_are_refused() => BlockStory.Tell(Asynchronous, """
        freeze t2 cut1                  => Ok
        freeze t1 cut2                  => Fenced
        take t1 cut1                    => Fenced
        drop t1 cut1                    => Fenced
        take t2 cut1                    => Ok 0 0
        drop t3 cut1                    => Ok
        take t2 cut2                    => Fenced
        take t3 cut2                    => Ok 0 0
        freeze t2 cut3                  => Fenced
        """);

    [Fact]
    public void A_block_that_is_put_back_does_not_take_the_cuts_before_for_new_ones()
    {
        // Sessions of the new generation carry the newest cut ever given out; a copy for it would never be asked for.
        var spec = BlockStory.Spec(Asynchronous);
        BlockStory.Tell(spec, """
            push r0 s0 n0 cut7 +1,_     => Ok
            freeze cut7                 => CutClosed
            take cut7                   => CutClosed
            push r0 s1 n0 cut8 +2,_     => Ok
            push r1 s0 n0 cut7 +4,_     => Ok
            take cut8                   => Ok 5 0 r0.1:s0:1 r1.1:s0:1
            """, image: null, cut: 7);
    }

    [Fact]
    public void Under_BSP_a_cut_is_the_last_closed_round() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,1              => Ok
        push r0 c1 n0 [0:0.1] +2,_      => Ok
        freeze cut1 k1 [0:0.1]          => Ok
        freeze cut1 k1                  => Ok
        # What is staged for the open round is not in it, and rounds go on.
        push r0 c2 n0 [1:0.1] +4,_      => Ok
        certify [2:0.1]                 => Ok
        take cut1                       => Ok 1 1
        values                          => Ok 7 1
        """);

    [Fact]
    public void Under_BSP_a_freeze_brings_the_rounds_that_a_block_lacks() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_                  => Ok
        freeze cut1 k2 [1:0.1]              => NeedCertificates(0)
        freeze cut1 k2                      => NeedCertificates(0)
        freeze cut1 k2 [0:0.1] [1:0.1]      => Ok
        take cut1                           => Ok 1 0
        """);

    [Fact]
    public void Under_BSP_a_late_freeze_finds_the_round_gone() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        certify [0:0.1]                 => Ok
        freeze cut1 k0                  => StepClosed(1)
        take cut1                       => CutClosed
        freeze cut2 k1                  => Ok
        freeze cut1 k1                  => CutClosed
        take cut2                       => Ok 1 0
        """);

    [Fact]
    public void Under_BSP_a_push_begins_no_cut() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 cut3 +1,_         => Ok
        take cut3                       => CutClosed
        freeze cut3 k0                  => Ok
        push r1 c0 n0 cut0 +2,_         => Ok
        certify [0:0.1,1.1]             => Ok
        take cut3                       => Ok 0 0
        values                          => Ok 3 0
        """);
}
