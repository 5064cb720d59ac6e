using System.Buffers.Binary;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Protocol.Tests;

/// <summary>Encoded gradients travel as they are, and become numbers only in the block that they are for.</summary>
public sealed class EncodedPayloadTests
{
    private static readonly BlockShape s_shape = BlockLayout.Create(new("m")
    { Parameters = [new("a", [2]), new("b", [3]), new("c", [3])], Optimizer = Optimizer.Sum() }).Blocks[0];

    [Fact]
    public void Codes_arrive_as_they_were_and_floats_among_them_as_codes()
    {
        using var arrived = WireRig.Travel(Payload());

        Assert.True(arrived.IsEncoded);
        Assert.Equal((0, 0), (arrived.Length, arrived.KeyCount));
        Assert.Equal([0, 1, 2], arrived.Slices.ToArray().Select(s => s.Segment));
        Assert.Equal([GradientCompressionMode.None, GradientCompressionMode.Bf16, GradientCompressionMode.TopK], arrived.Slices.ToArray().Select(s => s.Code.Mode));
        Assert.Equal([2, 3, 3], arrived.Slices.ToArray().Select(s => s.Length));
        Assert.All(arrived.Slices.ToArray(), s => Assert.True(s.Code.IsCodeAt(0) && s.Values.IsEmpty));
    }

    [Fact]
    public void A_block_has_the_numbers_however_often_they_were_passed_on()
    {
        using var arrived = WireRig.Travel(WireRig.Travel(WireRig.Travel(Payload())));
        arrived.Decode(s_shape);
        arrived.Decode(s_shape);

        Assert.False(arrived.IsEncoded);
        Assert.Equal(8, arrived.Length);
        Assert.Equal([[1f, 2f], [0.5f, -1f, 3f], [0f, 0f, -4f]], arrived.Slices.ToArray().Select(s => s.Values.ToArray()));
    }

    [Fact]
    public void Who_pulled_has_the_numbers_in_memory_of_his_own()
    {
        using var arrived = WireRig.Travel(Payload());
        SegmentSlice[] memory = [new(0, new float[2]), new(1, new float[3]), new(2, new float[3])];

        Assert.True(arrived.TryCopyTo(memory));
        Assert.Equal([[1f, 2f], [0.5f, -1f, 3f], [0f, 0f, -4f]], memory.Select(s => s.Values.ToArray()));
    }

    [Fact]
    public void A_code_that_is_none_of_what_was_pulled_changes_nothing()
    {
        var bytes = new byte[] { 0x00, 0x3f, 0x80, 0xbf };
        using var claims = TensorPayload.CopyOf([new(1, default) { Code = new(GradientCompressionMode.Bf16, 3, bytes) }]);
        using var other = TensorPayload.CopyOf([new(1, default) { Code = new(GradientCompressionMode.Bf16, 2, bytes) }]);
        var memory = new float[3];

        Assert.False(claims.TryCopyTo([new(1, memory)]));
        Assert.False(other.TryCopyTo([new(1, memory)]));
        Assert.Equal(new float[3], memory);
    }

    [Fact]
    public void What_is_borrowed_is_written_like_a_copy() =>
        Assert.Equal(WireRig.Write(TensorPayload.CopyOf(Slices())), WireRig.Write(TensorPayload.Borrow(Slices())));

    [Fact]
    public void What_was_decoded_travels_as_floats()
    {
        var payload = Payload();
        payload.Decode(s_shape);
        using var arrived = WireRig.Travel(payload);

        Assert.Equal([0.5f, -1f, 3f], arrived.Slices.Span[1].Values.ToArray());
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void Memory_of_what_was_decoded_goes_back_to_the_pool(int floats)
    {
        var shape = BlockLayout.Create(new("m") { Parameters = [new("a", [floats])], Optimizer = Optimizer.Sum() }).Blocks[0];
        Decode(shape, floats);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++) Decode(shape, floats);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    [Fact]
    public void What_was_sent_or_disposed_arrives_as_nothing()
    {
        var payload = Payload();
        WireRig.Write(payload);
        payload.Dispose();

        Assert.Null(WireRig.Travel(payload));
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(0, 0)]
    [InlineData(0, 2)]
    [InlineData(0, int.MaxValue)]
    [InlineData(4, -1)]
    [InlineData(8, 0)]
    [InlineData(8, -1)]
    [InlineData(13, -1)]
    [InlineData(13, 5)]
    [InlineData(13, 7)]
    [InlineData(13, int.MaxValue)]
    public void A_head_that_contradicts_itself_is_refused(int place, int value) => Refused(Forged(place, value));

    [Fact]
    public void An_unknown_encoding_is_refused()
    {
        var bytes = Forged(0, 1);
        bytes[^11] = 5;
        Refused(bytes);
    }

    [Fact]
    public void A_few_bytes_that_claim_to_be_many_floats_take_no_memory()
    {
        // The block finds that its segment has another length, before anything is decoded.
        using var read = WireRig.Read<TensorPayload>(Forged(8, int.MaxValue));

        Assert.Equal(int.MaxValue, read.Slices.Span[0].Length);
        Assert.Equal(6, read.Slices.Span[0].Code.Bytes.Length);
    }

    [Fact]
    public void Every_damaged_byte_is_refused_or_still_a_payload()
    {
        var whole = WireRig.Write(Payload());
        for (var at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            try
            {
                using var read = WireRig.Read<TensorPayload?>(damaged);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException and not OutOfMemoryException)
            {
            }
        }
    }

    /// <summary>Floats, bf16 and top-k.</summary>
    internal static TensorPayload Payload() => TensorPayload.CopyOf(Slices());

    private static SegmentSlice[] Slices() =>
    [
        new(0, new[] { 1f, 2f }),
        new(1, default) { Code = new(GradientCompressionMode.Bf16, 3, new byte[] { 0x00, 0x3f, 0x80, 0xbf, 0x40, 0x40 }) },
        new(2, default) { Code = new(GradientCompressionMode.TopK, 3, new byte[] { 2, 0, 0, 0, 0, 0, 0x80, 0xc0 }) },
    ];

    // A payload of one piece of three floats in six bytes, with another number at a place of its head after the version.
    private static byte[] Forged(int place, int value)
    {
        var bytes = WireRig.Write(TensorPayload.CopyOf(Slices().AsSpan(1, 1)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(bytes.Length - 6 - 17 + place), value);
        return bytes;
    }

    private static void Refused(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidDataException>(() => WireRig.Read<TensorPayload>(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static void Decode(BlockShape shape, int floats)
    {
        using var payload = TensorPayload.RentCodes([0], [new(GradientCompressionMode.Bf16, floats, 2 * floats)]);
        payload.Decode(shape);
        Assert.Equal(floats, payload.Length);
    }
}
