using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>P3 at one block: rounds close by certificate, in order, and hold exactly what the certificate names.</summary>
public class RoundTests
{
    [Fact]
    public void A_push_waits_for_its_rounds_certificate() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_          => Ok
        push r1 c0 n0 +2,_          => Ok
        values                      => Ok 0 0
        # Rank 0 brings the certificate into the next round.
        pull r0 c1 [0:0.1,1.1]      => Ok 3 0
        """);

    [Fact]
    public void A_duplicate_does_not_count_towards_anything() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_          => Ok
        push r0 c0 n0 +1,_          => Duplicate
        push r0 c0 n0 +1,_          => Duplicate
        pushpull r0 c0 n0 +1,_      => Duplicate 0 0
        # Four messages from one rank are not four ranks: the round is open until its certificate is here.
        values                      => Ok 0 0
        certify [0:0.1]             => Ok
        values                      => Ok 1 0
        """);

    [Fact]
    public void A_push_pull_shows_the_open_steps_version_without_the_push() => BlockStory.Tell(BulkSynchronous, """
        pushpull r0 c0 n0 +1,1          => Ok 0 0
        pushpull r0 c1 n0 [0:0.1] +4,4  => Ok 1 1
        pushpull r0 c2 n0 [1:0.1] +8,8  => Ok 5 5
        """);

    [Fact]
    public void Only_the_members_of_a_certificate_contribute() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_          => Ok
        push r1 c0 n0 +2,_          => Ok
        push r2 c0 n0 +4,_          => Ok
        certify [0:0.1,2.1]         => Ok
        values                      => Ok 5 0
        # What rank 1 had staged is gone, not carried over.
        push r0 c1 n0 +8,_          => Ok
        certify [1:0.1,1.1]         => Ok
        values                      => Ok 13 0
        """);

    [Fact]
    public void A_member_without_a_push_contributes_nothing_and_counts_in_the_mean() => BlockStory.Tell(
        BlockStory.Spec(BulkSynchronous) with { Reduction = Reduction.Mean }, """
        push r0 c0 n0 +8,_          => Ok
        push r1 c0 n0 +4,4          => Ok
        certify [0:0.1,1.1,2.1,3.1] => Ok
        values                      => Ok 3 1
        # A round that nobody pushed anything in closes all the same.
        certify [1:0.1]             => Ok
        pull r0 c2                  => Ok 3 1
        """);

    [Fact]
    public void The_mean_is_a_true_division() => BlockStory.Tell(
        BlockStory.Spec(BulkSynchronous) with { Reduction = Reduction.Mean }, """
        push r0 c0 n0 +5,_          => Ok
        certify [0:0.1,1.1,2.1]     => Ok
        # 5 / 3 is 1.6666666; 5 x (1 / 3) would be 1.6666667.
        values                      => Ok 1.6666666 0
        """);

    [Fact]
    public void Pushes_of_one_step_add_up_in_the_order_of_their_sequence() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n1 +2,_          => OutOfOrder
        push r0 c0 n0 +1,_          => Ok
        push r0 c0 n2 +4,_          => OutOfOrder
        push r0 c0 n1 +2,1          => Ok
        push r0 c0 n2 +4,_          => Ok
        push r0 c0 n3 +8,_          => Ok
        push r0 c0 n4 +8,_          => WindowExceeded
        push r0 c0 n-1 +8,_         => WindowExceeded
        certify [0:0.1]             => Ok
        values                      => Ok 15 1
        # The next step counts from 0 again.
        push r0 c1 n1 +1,_          => OutOfOrder
        push r0 c1 n0 +1,_          => Ok
        """);

    [Fact]
    public void Sums_go_by_rank_whoever_came_first()
    {
        // In floats 2^24 + 1 is 2^24, so the order shows: ((2^24 + 1) - 2^24) + 1 = 1 by rank, and 2 or 0 in other orders.
        const string byRank = """
            push r0 c0 n0 +16777216,_   => Ok
            push r1 c0 n0 +1,_          => Ok
            push r2 c0 n0 +-16777216,_  => Ok
            push r3 c0 n0 +1,_          => Ok
            certify [0:0.1,1.1,2.1,3.1] => Ok
            values                      => Ok 1 0
            """;
        var lines = byRank.Split('\n');
        BlockStory.Tell(BulkSynchronous, byRank);
        BlockStory.Tell(BulkSynchronous, string.Join('\n', [lines[2], lines[0], lines[3], lines[1], .. lines[4..]]));
        BlockStory.Tell(BulkSynchronous, string.Join('\n', [lines[1], lines[3], lines[0], lines[2], .. lines[4..]]));
    }

    [Fact]
    public void Certificates_apply_in_order_and_a_block_says_from_where_it_lacks_them() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        # Rank 0 went through round 1 without touching this block, and comes with the newest certificate alone.
        push r0 c2 n0 [1:0.1] +4,_      => NeedCertificates(0)
        pull r0 c2 k2                   => NeedCertificates(0)
        certify [1:0.1]                 => NeedCertificates(0)
        certify [0:0.1] [1:0.1]         => Ok
        push r0 c2 n0 [1:0.1] +4,_      => Ok
        certify [2:0.1] [4:0.1]         => NeedCertificates(3)
        values                          => Ok 5 0
        """);

    [Fact]
    public void One_who_knows_of_closed_rounds_is_not_answered_from_before_them() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        pull r1 c0 k1                   => NeedCertificates(0)
        push r1 c1 n0 +1,_              => NeedCertificates(0)
        pull r1 k1                      => NeedCertificates(0)
        pull r1                         => Ok 0 0
        """);

    [Fact]
    public void Certificates_that_a_block_has_are_passed_over() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        certify [0:0.1]                 => Ok
        certify [0:0.1]                 => Ok
        push r0 c1 n0 [0:0.1] +2,_      => Ok
        certify [0:0.1] [1:0.1]         => Ok
        certify [0:0.1] [1:0.1] [2:]    => Ok
        values                          => Ok 3 0
        """);

    [Fact]
    public void A_second_certificate_for_a_round_is_refused() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        push r1 c0 n0 +2,_              => Ok
        certify [0:0.1]                 => Ok
        certify [0:0.1,1.1]             => Conflict
        pull r1 c1 [0:1.1]              => Conflict
        push r1 c1 n0 [0:0.2] +2,_      => Conflict
        values                          => Ok 1 0
        """);

    [Fact]
    public void A_message_of_a_closed_round_is_told_so() => BlockStory.Tell(BulkSynchronous, """
        push r0 c0 n0 +1,_              => Ok
        push r1 c0 n0 +2,_              => Ok
        certify [0:0.1]                 => Ok
        # Rank 1 was evicted in round 0: what it does for that round counts no more.
        push r1 c0 n1 +2,_              => StepClosed(1)
        pull r1 c0                      => StepClosed(1)
        pushpull r1 c0 n1 +2,_          => StepClosed(1)
        values                          => Ok 1 0
        """);

    [Fact]
    public void What_a_fenced_incarnation_staged_is_thrown_away_and_not_deduplicated_against() => BlockStory.Tell(BulkSynchronous, """
        push r0.1 c0 n0 +1,_            => Ok
        push r0.1 c0 n1 +1,_            => Ok
        push r0.2 c0 n0 +4,_            => Ok
        push r0.1 c0 n2 +1,_            => Fenced
        push r0.2 c0 n1 +4,_            => Ok
        push r0.2 c0 n1 +4,_            => Duplicate
        certify [0:0.2]                 => Ok
        values                          => Ok 8 0
        """);

    [Fact]
    public void A_certificate_names_incarnations() => BlockStory.Tell(BulkSynchronous, """
        # Rank 0 began round 0 here, died, and its replay did not touch this block: nothing of it counts.
        push r0.1 c0 n0 +1,1            => Ok
        push r1.1 c0 n0 +2,_            => Ok
        certify [0:0.2,1.1]             => Ok
        values                          => Ok 2 0
        # Having been named, incarnation 2 fences.
        pull r0.1 c1                    => Fenced
        """);

    [Fact]
    public void The_schedule_goes_by_the_round_or_by_the_pushers_clock()
    {
        var spec = BlockStory.Spec(BulkSynchronous) with { Optimizer = Optimizer.Sgd(1), Schedule = LearningRateSchedule.Step(1, 0.5) };
        BlockStory.Tell(spec, """
            push r0 c0 n0 +-1,_         => Ok
            push r0 c1 n0 [0:0.1] +-1,_ => Ok
            pull r0 c2 [1:0.1]          => Ok 1.5 0
            """);
        BlockStory.Tell(spec with { Consistency = Asynchronous }, """
            push r0 s7 c0 n0 +-1,_      => Ok
            push r1 s9 c2 n0 +-1,_      => Ok
            values                      => Ok 1.25 0
            """);
    }
}
