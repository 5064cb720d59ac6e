using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>A block works by one policy at a time. What is sent under another one is refused, in either direction.</summary>
public class PolicyTests
{
    [Fact]
    public void Late_copies_from_a_round_change_nothing_after_a_change_to_ASP() => BlockStory.Tell(BulkSynchronous, """
        push r0 s0 c0 n0 +1,1             => Ok
        push r1 s0 c0 n0 +2,2             => Ok
        policy p1 asp k1 c0 [0:0.1,1.1]   => Ok
        values                            => OtherPolicy
        values p1                         => Ok 3 3
        push r0 s0 c0 n0 +1,1             => OtherPolicy
        push r0 s1 c1 n0 p1 +5,_          => Ok
        push r0 s1 c1 n0 p1 +5,_          => Duplicate
        # It is of a round that was closed before, and of the policy of before.
        certify [0:0.1,1.1]               => OtherPolicy
        values p1                         => Ok 8 3
        """);

    [Fact]
    public void Late_pushes_from_ASP_change_nothing_after_a_change_to_rounds() => BlockStory.Tell(Asynchronous, """
        push r0 s0 c0 n0 +1,1             => Ok
        policy p1 bsp k-1 c4              => Ok
        push r1 s0 c0 n0 +7,7             => OtherPolicy
        push r0 s1 c4 n0 p1 k4 +1,1       => Ok
        push r1 s1 c3 n0 p1 k3 +1,1       => StepClosed(4)
        push r1 s1 c4 n0 p1 k4 +2,2       => Ok
        values p1 c4 k4                   => Ok 1 1
        values p1 c5 [4:0.1,1.1]          => Ok 4 4
        """);

    [Fact]
    public void A_half_step_of_before_counts_once_in_a_round() => BlockStory.Tell(Asynchronous, """
        push r0 s3 c0 n0 +1,_             => Ok
        policy p1 bsp k-1 c2              => Ok
        push r0.2 s3 c2 n0 p1 k2 +1,_     => Ok
        push r0.2 s3 c2 n1 p1 k2 +1,1     => Ok
        values p1 c3 [2:0.2]              => Ok 2 1
        """);

    [Fact]
    public void What_is_staged_for_a_round_that_nobody_closed_is_thrown_away() => BlockStory.Tell(BulkSynchronous, """
        push r0 s0 c0 n0 +1,1             => Ok
        policy p1 bsp k0 c7               => Ok
        push r0 s0 c7 n0 p1 k7 +2,2       => Ok
        values p1 c8 [7:0.1]              => Ok 2 2
        """);

    [Fact]
    public void A_change_needs_the_rounds_before_and_comes_once() => BlockStory.Tell(BulkSynchronous, """
        push r0 s0 c0 n0 +1,1             => Ok
        certify [0:0.1]                   => Ok
        policy p1 asp k2 c0 t3            => NeedCertificates(1)
        policy p1 asp k1 c0 t2            => Ok
        policy p1 asp k1 c0 t2            => Ok
        policy p2 bsp k-1 c3 t3           => Ok
        # Commands of a coordinator that was deposed, and those of an older change.
        policy p3 asp k3 c0 t2            => Fenced
        policy p1 asp k-1 c0 t3           => OtherPolicy
        push r0 s1 c3 n0 p2 k3 +1,1       => Ok
        """);

    [Fact]
    public void The_learning_rate_changes_with_the_policy() => BlockStory.Tell(
        BlockStory.Spec(Asynchronous) with { Optimizer = Optimizer.Sgd(lr: 1) }, """
        push r0 s0 c0 n0 +1,1             => Ok
        policy p1 asp x0.5 k-1 c0         => Ok
        push r0 s1 c1 n0 p1 +4,4          => Ok
        values p1                         => Ok -3 -3
        """);
}
