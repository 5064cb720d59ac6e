using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Grains.Tests;

/// <summary>What a message from outside must keep.</summary>
public class MessageRulesTests
{
    private static readonly ModelSpec s_spec = new("m")
    { Parameters = [new("a", [3]), new("b", [5])], Optimizer = Optimizer.Sum(), Workers = 1, MaxWorkers = 3 };

    private static readonly BlockShape s_shape = BlockLayout.Create(s_spec).Blocks[0];

    [Fact]
    public void What_a_session_sends_is_let_through()
    {
        Push(new() { Rank = 0 }, Slice(0, 3), Slice(1, 5));
        Push(new() { Rank = 2, Sequence = int.MaxValue, Step = long.MaxValue }, Slice(1, 5));
        Push(new());
        Pull(new() { Rank = -1 }, 0, 1);
        Pull(new() { Rank = 2 });
        Certificate();
        Certificate(0, 2);
        MessageRules.RequireCertificate(s_spec, null);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_push_is_of_one_of_the_models_ranks(int rank) => Refused($"Rank {rank}", () => Push(new() { Rank = rank }));

    [Theory]
    [InlineData(-2)]
    [InlineData(3)]
    public void A_pull_is_of_a_rank_or_of_a_reader(int rank) => Refused($"Rank {rank}", () => Pull(new() { Rank = rank }));

    [Fact]
    public void A_push_counts_from_0()
    {
        Refused("Sequence -1", () => Push(new() { Sequence = -1 }));
        Refused("Step -1", () => Push(new() { Step = -1 }));
    }

    [Fact]
    public void The_slices_of_a_push_are_whole_segments_of_the_block_in_order()
    {
        Refused("Segment 2", () => Push(new(), Slice(2, 5)));
        Refused("Segment -1", () => Push(new(), Slice(-1, 3)));
        Refused("Segment 0", () => Push(new(), Slice(1, 5), Slice(0, 3)));
        Refused("Segment 1", () => Push(new(), Slice(1, 5), Slice(1, 5)));
        Refused("Length 4", () => Push(new(), Slice(0, 3), Slice(1, 4)));
        Refused("Length 4", () => Push(new(), Slice(0, 4)));
        Refused("Length 0", () => Push(new(), new SegmentSlice(0, default)));
    }

    [Fact]
    public void A_code_is_one_of_its_segment()
    {
        Push(new(), Coded(0, GradientCompressionMode.Bf16, 3, 6), Coded(1, GradientCompressionMode.OneBit, 5, 9));
        Push(new(), Slice(0, 3), Coded(1, GradientCompressionMode.TopK, 5, 0));
        Refused("Length 4", () => Push(new(), Coded(0, GradientCompressionMode.Bf16, 4, 8)));
        Refused("Length 2147483647", () => Push(new(), Coded(0, GradientCompressionMode.TopK, int.MaxValue, 0)));
        Refused("Code 5", () => Push(new(), Coded(0, GradientCompressionMode.Bf16, 3, 5)));
        Refused("Code 16", () => Push(new(), Coded(1, GradientCompressionMode.TopK, 5, 16)));
        Refused("Code 4", () => Push(new(), Coded(0, (GradientCompressionMode)9, 3, 4)));
    }

    [Fact]
    public void A_pull_names_segments_of_the_block_in_order()
    {
        Refused("Segment 2", () => Pull(new(), 0, 2));
        Refused("Segment -1", () => Pull(new(), -1));
        Refused("Segment 0", () => Pull(new(), 1, 0));
        Refused("Segment 0", () => Pull(new(), 0, 0));
    }

    [Fact]
    public void A_certificate_names_ranks_of_the_model_in_order()
    {
        Refused("Rank 3", () => Certificate(0, 3));
        Refused("Rank -1", () => Certificate(-1));
        Refused("Rank 1", () => Certificate(1, 1));
        Refused("Rank 0", () => Certificate(2, 0));
    }

    private static void Push(MessageHeader header, params SegmentSlice[] slices) => MessageRules.RequirePush(s_spec, s_shape, header, slices);

    private static void Pull(MessageHeader header, params int[] segments) => MessageRules.RequirePull(s_spec, s_shape, header, segments);

    private static void Certificate(params int[] ranks) =>
        MessageRules.RequireCertificate(s_spec, new(0, [.. ranks.Select(r => new CertificateMember(r, 1))]));

    private static SegmentSlice Coded(int segment, GradientCompressionMode mode, int length, int bytes) =>
        new(segment, default) { Code = new(mode, length, new byte[bytes]) };

    private static SegmentSlice Slice(int segment, int length) => new(segment, new float[length]);

    private static void Refused(string what, Action message) =>
        Assert.Contains(what, Assert.Throws<ArgumentException>(message).Message, StringComparison.Ordinal);
}
