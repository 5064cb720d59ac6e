using System.Buffers.Binary;
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
    public void A_payload_without_pieces_arrives_without_pieces()
    {
        using var arrived = WireRig.Travel(Payload());

        Assert.NotNull(arrived);
        Assert.Equal((0, 0), (arrived.Length, arrived.Slices.Length));
    }

    [Fact]
    public void Pieces_without_numbers_arrive_as_such()
    {
        using var arrived = WireRig.Travel(Payload((4, []), (6, [])));

        Assert.Equal([4, 6], arrived.Slices.ToArray().Select(s => s.Segment));
        Assert.Equal(0, arrived.Length);
    }

    [Fact]
    public void What_was_sent_is_given_back_once_and_may_be_disposed_twice()
    {
        var payload = Payload((0, [1f]));
        WireRig.Write(payload);

        Assert.False(payload.TryTake());
        payload.Dispose();
        payload.Dispose();
    }

    [Fact]
    public void What_arrived_is_disposed_once()
    {
        var arrived = WireRig.Travel(Payload((0, [1f])));
        arrived.Dispose();
        arrived.Dispose();

        Assert.False(arrived.TryTake());
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void A_payload_is_read_from_memory_in_pieces_and_from_a_stream(int floats)
    {
        float[] values = [.. Enumerable.Range(0, floats)];
        long[] keys = [.. Enumerable.Range(0, 1_000)];
        var payload = TensorPayload.CopyOf([new SegmentSlice(3, values) { Keys = keys }]);
        var bytes = WireRig.Write(new PullReply(new(BlockStatus.Ok, 1, 2, 3), payload));

        using var stream = WireRig.ReadStream<PullReply>(bytes).Values;
        using var pieces = WireRig.ReadInPieces<PullReply>(bytes, 777).Values;

        Assert.Equal(values, stream!.Slices.Span[0].Values.ToArray());
        Assert.Equal(values, pieces!.Slices.Span[0].Values.ToArray());
        Assert.Equal(keys, stream.Slices.Span[0].Keys.ToArray());
        Assert.Equal(keys, pieces.Slices.Span[0].Keys.ToArray());
    }

    [Theory]
    [InlineData(1 << 24)]
    [InlineData(1 << 27)]
    public void A_length_beyond_the_message_is_refused_before_memory_is_taken(int floats)
    {
        // Length and piece agree with each other, and not with what is there.
        var bytes = Forge(length: 13 + (4L * floats), pieces: 1, segment: 0, floats);

        RefusedWithoutMemory(bytes);
    }

    [Fact]
    public void A_number_of_pieces_beyond_the_message_is_refused_before_memory_is_taken() =>
        RefusedWithoutMemory(Forge(length: 5 + (8L << 20), pieces: 1 << 20, segment: 0, floats: 1));

    [Theory]
    [InlineData(17, -1, 0, 1)]
    [InlineData(17, int.MaxValue, 0, 1)]
    [InlineData(17, 1, -1, 1)]
    [InlineData(17, 1, 0, -1)]
    [InlineData(17, 1, 0, 2)]
    [InlineData(17, 1, 0, 0)]
    [InlineData(16, 1, 0, 1)]
    [InlineData(1, 1, 0, 1)]
    public void A_head_that_contradicts_itself_is_refused(long length, int pieces, int segment, int floats) =>
        RefusedWithoutMemory(Forge(length, pieces, segment, floats));

    [Fact]
    public void A_forged_payload_that_is_right_is_read()
    {
        using var read = WireRig.Read<TensorPayload>(Forge(17, 1, 5, 1));

        Assert.Equal((5, 1), (read.Slices.Span[0].Segment, read.Slices.Span[0].Values.Length));
    }

    [Fact]
    public void Borrowed_numbers_that_were_withdrawn_arrive_as_nothing()
    {
        SegmentSlice[] slices = [new(0, new float[] { 1, 2 })];
        using (var sent = WireRig.Travel(TensorPayload.Borrow(slices))) Assert.Equal([1f, 2f], sent!.Slices.Span[0].Values.ToArray());
        var withdrawn = TensorPayload.Borrow(slices);
        withdrawn.Withdraw();
        Assert.Null(WireRig.Travel(withdrawn));
    }

    [Fact]
    public void A_copy_that_was_given_up_is_still_there_for_who_receives_it()
    {
        // A block in the same process may get it later, and nobody else may have its memory until then.
        var copy = TensorPayload.CopyOf([new(0, new float[] { 1, 2 })]);
        copy.Withdraw();
        Assert.Equal([1f, 2f], copy.Slices.Span[0].Values.ToArray());
        Assert.True(copy.TryTake());
    }

    [Fact]
    public async Task Borrowed_numbers_are_withdrawn_when_they_are_written()
    {
        var payload = TensorPayload.Borrow(new SegmentSlice[] { new(0, new float[1]) });
        // A connection is just writing them.
        Assert.True(payload.TryTake());
        var withdrawing = Task.Factory.StartNew(payload.Withdraw, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var i = 0; i < 100; i++) Thread.Yield();
        Assert.False(withdrawing.IsCompleted);
        payload.GiveBack();
        await withdrawing;
        payload.Withdraw();
    }

    [Fact]
    public void Rows_arrive_with_their_keys()
    {
        using var arrived = WireRig.Travel(Rows((0, [long.MinValue, -1, 5], [1f, -0f, float.NaN, 4, 5, 6]), (3, [], []), (4, [long.MaxValue], [7f])));

        Assert.Equal([0, 3, 4], arrived.Slices.ToArray().Select(s => s.Segment));
        Assert.Equal([long.MinValue, -1, 5], arrived.Slices.Span[0].Keys.ToArray());
        Assert.Equal(Bits([1f, -0f, float.NaN, 4, 5, 6]), Bits(arrived.Slices.Span[0].Values.ToArray()));
        Assert.Equal((0, 0), (arrived.Slices.Span[1].Keys.Length, arrived.Slices.Span[1].Values.Length));
        Assert.Equal([long.MaxValue], arrived.Slices.Span[2].Keys.ToArray());
        Assert.Equal((7, 4), (arrived.Length, arrived.KeyCount));
    }

    [Fact]
    public void A_pull_of_rows_asks_with_keys_alone()
    {
        using var arrived = WireRig.Travel(TensorPayload.KeysOf([new SegmentSlice(0, new float[4]) { Keys = new long[] { 3, 9 } }]));

        Assert.Equal([3L, 9], arrived.Slices.Span[0].Keys.ToArray());
        Assert.Equal((0, 0, 2), (arrived.Slices.Span[0].Values.Length, arrived.Length, arrived.KeyCount));
    }

    [Theory]
    [InlineData(29, 1, 1, 1)]
    [InlineData(29, 1, 1, 2)]
    [InlineData(29, 1, 1, -1)]
    [InlineData(29, 1, 2, 1)]
    [InlineData(29, 1, -1, 1)]
    [InlineData(29, int.MaxValue, 1, 1)]
    [InlineData(29, -1, 1, 1)]
    [InlineData(28, 1, 1, 1)]
    [InlineData(29 + (8L << 28), 1, 1, (1 << 28) + 1)]
    public void A_keyed_head_that_contradicts_itself_is_refused(long length, int pieces, int floats, int keys)
    {
        var bytes = ForgeRows(length, pieces, floats, keys);
        if ((length, pieces, floats, keys) == (29, 1, 1, 1)) Assert.Equal(7, WireRig.Read<TensorPayload>(bytes).Slices.Span[0].Keys.Span[0]);
        else RefusedWithoutMemory(bytes);
    }

    [Fact]
    public void A_payload_of_another_version_is_refused_by_its_number()
    {
        var e = Assert.Throws<InvalidDataException>(() => WireRig.Read<TensorPayload>(Forge(17, 1, 0, 1, version: 9)));

        Assert.Equal("A tensor payload of version 9 came; this program reads up to version 3.", e.Message);
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

    internal static TensorPayload Rows(params (int Segment, long[] Keys, float[] Values)[] pieces) =>
        TensorPayload.CopyOf([.. pieces.Select(p => new SegmentSlice(p.Segment, p.Values) { Keys = p.Keys })]);

    /// <summary>The bytes of a payload with one float under key 7 and any head.</summary>
    private static byte[] ForgeRows(long length, int pieces, int floats, int keys)
    {
        // One byte of length and 29 of content end a payload of one float under one key.
        var whole = WireRig.Write(Rows((0, [7], [1f])));
        var head = new byte[22];
        BinaryPrimitives.WriteUInt64LittleEndian(head, ((ulong)length << 5) | 0b10000);
        head[5] = 2;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(6), pieces);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(14), floats);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(18), keys);
        return [.. whole[..^30], .. head, .. whole[^12..]];
    }

    /// <summary>The bytes of a payload with one float and any head.</summary>
    private static byte[] Forge(long length, int pieces, int segment, int floats, byte version = 1)
    {
        // One byte of length and 17 of content end a payload of one float.
        var whole = WireRig.Write(Payload((0, [1f])));
        var head = new byte[18];
        // Five bytes, which the last of the first byte's zeros tells, and the number above them.
        BinaryPrimitives.WriteUInt64LittleEndian(head, ((ulong)length << 5) | 0b10000);
        head[5] = version;
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(6), pieces);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(10), segment);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(14), floats);
        return [.. whole[..^18], .. head, .. whole[^4..]];
    }

    private static void RefusedWithoutMemory(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<InvalidDataException>(() => WireRig.Read<TensorPayload>(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];
}
