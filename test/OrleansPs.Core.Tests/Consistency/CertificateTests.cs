using System.Text;
using OrleansPs.Core.Messages;
using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>Certificates go to blocks that nobody touches, are kept while a block may lack them, and are bounded.</summary>
public class CertificateTests
{
    private static readonly ModelSpec s_alone = CoordinatorStory.Spec(BulkSynchronous, workers: 1);

    [Fact]
    public void Every_sixteen_rounds_all_blocks_are_given_the_certificates() => new CoordinatorStory(s_alone).Tell($"""
        join 0          => 0 joins .1 s0 c0
        {Rounds(0, 15)}
        clock 0         => certify 0..15, 0 clock c16 min16 [15:0.1]
        # The newest one stays: whoever asks again is answered with it.
        certified 16    => -
        clock 0 s15     => 0 clock c16 min16 [15:0.1]
        {Rounds(16, 30)}
        clock 0         => 0 clock c31 min31 [30:0.1]
        clock 0         => certify 15..31, 0 clock c32 min32 [31:0.1]
        """);

    [Fact]
    public void Only_what_every_block_has_applied_is_dropped()
    {
        var story = new CoordinatorStory(s_alone).Tell($"""
            join 0          => 0 joins .1 s0 c0
            certified 0     => -
            {Rounds(0, 15)}
            clock 0         => certify 0..15, 0 clock c16 min16 [15:0.1]
            certified 3     => -
            join 0          => 0 joins .2 s16 c16 q160 min16 2..15
            certified 2     => -
            certified 0     => -
            """);
        Assert.Equal(2, story.State.Certificates[0].Round);
    }

    [Fact]
    public void Rounds_wait_while_too_many_certificates_are_out() => new CoordinatorStory(s_alone).Tell($"""
        join 0          => 0 joins .1 s0 c0
        {Rounds(0, 15)}
        clock 0         => certify 0..15, 0 clock c16 min16 [15:0.1]
        {Rounds(16, 31)}
        clock 0         => certify 0..31, 0 clock c32 min32 [31:0.1]
        {Rounds(32, 47)}
        clock 0         => certify 0..47, 0 clock c48 min48 [47:0.1]
        {Rounds(48, 63)}
        clock 0         => certify 0..63, 0 clock c64 min64 [63:0.1]
        # No block has said that it has any of them.
        clock 0         => -
        tick +0.1       => certify 0..63
        tick +0.1       => certify 0..63
        certified 64    => 0 clock c65 min65 [64:0.1]
        """);

    [Fact]
    public void A_worker_that_waits_is_told_the_certificate_of_its_round_even_if_all_others_are_gone() =>
        new CoordinatorStory(CoordinatorStory.Spec(BulkSynchronous)).Tell("""
            join 0          => 0 joins .1 s0 c0
            join 1          => 1 joins .1 s0 c0
            clock 0         => -
            clock 1         => 0 clock c1 min1 [0:0.1,1.1], 1 clock c1 min1 [0:0.1,1.1]
            certified 1     => -
            certified 1     => -
            clock 0         => -
            clock 1         => 0 clock c2 min2 [1:0.1,1.1], 1 clock c2 min2 [1:0.1,1.1]
            certified 2     => -
            join 1          => 1 joins .2 s2 c2 q20 min2 1..1
            """);

    [Fact]
    public void Certificates_are_the_same_if_they_decide_the_same()
    {
        Certificate one = new(3, [new(0, 1), new(2, 4)]), same = new(3, [new(0, 1), new(2, 4)]);
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, new(4, one.Members));
        Assert.NotEqual(one, new(3, [new(0, 1), new(2, 5)]));
        Assert.NotEqual(one, new(3, [new(0, 1)]));
        Assert.False(one.Equals(null));
    }

    private static string Rounds(int from, int to)
    {
        var lines = new StringBuilder();
        for (var round = from; round < to; round++)
            lines.Append("clock 0 => 0 clock c").Append(round + 1).Append(" min").Append(round + 1)
                .Append(" [").Append(round).Append(":0.1]\n");
        return lines.ToString();
    }
}
