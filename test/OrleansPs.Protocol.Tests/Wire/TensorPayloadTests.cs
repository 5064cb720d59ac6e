using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol.Tests;

public sealed class TensorPayloadTests
{
    [Fact]
    public void Pieces_arrive_as_they_were()
    {
        using var arrived = WireRig.Travel(Payload((2, [1f, float.NaN, -0f]), (5, []), (7, [float.MaxValue])));

        Assert.Equal([2, 5, 7], arrived.Slices.ToArray().Select(s => s.Segment));
        Assert.Equal(Bits([1f, float.NaN, -0f]), Bits(arrived.Slices.Span[0].Values.ToArray()));
        Assert.Equal(0, arrived.Slices.Span[1].Values.Length);
        Assert.Equal([float.MaxValue], arrived.Slices.Span[2].Values.ToArray());
        Assert.Equal(4, arrived.Length);
    }

    [Fact]
    public void A_payload_is_a_copy_of_what_it_was_made_of()
    {
        float[] values = [1, 2, 3];
        using var payload = TensorPayload.CopyOf([new SegmentSlice(0, values)]);
        values[0] = 9;

        Assert.Equal([1f, 2, 3], payload.Slices.Span[0].Values.ToArray());
    }

    [Fact]
    public void Numbers_are_on_the_wire_as_they_are_in_memory()
    {
        var bytes = WireRig.Write(Payload((0, [1.5f, -2f])));

        Assert.True(bytes.AsSpan().IndexOf((byte[])[0x00, 0x00, 0xC0, 0x3F, 0x00, 0x00, 0x00, 0xC0]) > 0);
        Assert.InRange(bytes.Length, 8, 40);
    }

    [Fact]
    public void What_is_sent_a_second_time_arrives_as_nothing()
    {
        var payload = Payload((0, [1f, 2f]));
        WireRig.Write(payload);

        Assert.Null(WireRig.Travel(payload));
        payload.Dispose();
    }

    [Fact]
    public void What_was_disposed_arrives_as_nothing_and_may_be_disposed_again()
    {
        var payload = Payload((0, [1f]));
        payload.Dispose();
        payload.Dispose();

        Assert.Null(WireRig.Travel(payload));
    }

    [Fact]
    public void Nothing_arrives_as_nothing() => Assert.Null(WireRig.Travel<TensorPayload?>(null));

    [Fact]
    public void A_pull_that_was_refused_has_no_payload()
    {
        var arrived = WireRig.Travel(new PullReply(new(BlockStatus.StepClosed, 4, 5, 6), null));

        Assert.Equal(new(new(BlockStatus.StepClosed, 4, 5, 6), null), arrived);
    }

    [Fact]
    public void Every_damaged_byte_of_the_head_is_refused_or_changes_a_segment_alone()
    {
        var whole = WireRig.Write(Payload((1, [1f, 2f]), (3, [4f])));
        for (var at = 0; at < whole.Length - 12; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            try
            {
                using var read = WireRig.Read<TensorPayload?>(damaged);
                Assert.InRange(read?.Length ?? 0, 0, 3);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException and not OutOfMemoryException)
            {
            }
        }
    }

    [Fact]
    public void Pieces_are_copied_only_to_the_same_segments_and_lengths()
    {
        using var payload = Payload((1, [1f, 2f]));
        var (right, wrong) = (new float[2], new float[3]);

        Assert.False(payload.TryCopyTo([new SegmentSlice(1, wrong)]));
        Assert.False(payload.TryCopyTo([new SegmentSlice(2, right)]));
        Assert.False(payload.TryCopyTo([]));
        Assert.Equal([0f, 0], right);
        Assert.True(payload.TryCopyTo([new SegmentSlice(1, right)]));
        Assert.Equal([1f, 2], right);
    }

    internal static TensorPayload Payload(params (int Segment, float[] Values)[] pieces) =>
        TensorPayload.CopyOf([.. pieces.Select(p => new SegmentSlice(p.Segment, p.Values))]);

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}
