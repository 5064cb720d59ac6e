using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol.Tests.Transport;

/// <summary>Payloads over real sockets: large ones are sent from where they lie, and used where they arrived.</summary>
public sealed class LargeNumbersTests : ConnectedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Numbers_arrive_as_they_were_and_stay_so_while_others_arrive(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [.. Enumerable.Range(0, 60).Select(_ => (int)Math.Pow(2, random.NextDouble() * 20)), 1 << 20, 3, 1 << 20];
        var sending = SendAllAsync(lengths, atOnce: seed);
        var arrived = new List<TensorPayload>();
        foreach (var _ in lengths) arrived.Add(await ReceiveAsync());
        await sending;
        for (var i = 0; i < lengths.Length; i++)
        {
            AssertNumbers(lengths[i], i, arrived[i]);
            arrived[i].Dispose();
        }
    }

    [Fact]
    public async Task Few_numbers_are_copied_and_many_are_not()
    {
        const int least = TensorPayloadCodec.LeastKept / sizeof(float);
        Assert.Equal(0, await CountKeptAsync(least - 1));
        // One that came while another thread began to wait is copied.
        Assert.InRange(await CountKeptAsync(least), 1, 20);
        Assert.InRange(await CountKeptAsync(1 << 18), 1, 20);
    }

    [Fact]
    public async Task A_message_that_could_not_be_written_leaves_nothing_in_the_room_that_it_had()
    {
        var output = Client.Transport.Output;
        using var buffer = FrameBuffer.Rent(8192);
        buffer.Bytes.AsSpan().Fill(0xEE);
        Assert.True(FrameWriter.TryAttach(output.GetMemory(8192).Span[..8192], buffer, 0));
        Assert.True(buffer.IsShared);
        Write(Numbers(2000, 7));
        Assert.False(buffer.IsShared);
        await output.FlushAsync();
        using var arrived = await ReceiveAsync();
        AssertNumbers(2000, 7, arrived);
    }

    [Fact]
    public void Room_of_something_else_and_bytes_of_something_else_are_refused()
    {
        using var buffer = FrameBuffer.Rent(8192);
        Client.Transport.Output.GetMemory(8192);
        Assert.False(FrameWriter.TryAttach(new byte[8192], buffer, 0));
        Assert.False(FrameReader.TryKeep(new byte[8192], out _, out _));
        Assert.False(buffer.IsShared);
    }

    [Fact]
    public async Task A_flush_of_many_numbers_that_waits_for_a_peer_that_does_not_read_ends_when_it_is_canceled()
    {
        var output = Client.Transport.Output;
        await WarmUpAsync();
        var flushing = new ValueTask<FlushResult>(default(FlushResult));
        while (flushing.IsCompletedSuccessfully)
        {
            Write(Numbers(1 << 20, 0));
            flushing = output.FlushAsync();
        }
        output.CancelPendingFlush();
        var flushed = await flushing;
        Assert.True(flushed.IsCanceled || flushed.IsCompleted);
    }

    /// <summary>Numbers that are lent, among others, are read as late as they are sent; once they were taken back nobody reads them any more.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Lent_numbers_arrive_as_they_were_whenever_they_are_taken_back(int seed)
    {
        await WarmUpAsync();
        var random = new Random(seed);
        int[] lengths = [.. Enumerable.Range(0, 40).Select(_ => random.Next(2) == 0 ? 1 << 18 : (int)Math.Pow(2, random.NextDouble() * 20))];
        var sending = LendAllAsync(lengths, random);
        await ReceiveAllAsync(lengths);
        await sending;
    }

    /// <summary>Lent numbers and others that are sent from where they lie in one flush, while the owners of the first take them back on a thread of their own.</summary>
    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public async Task Numbers_that_are_taken_back_by_another_thread_arrive_as_they_were(int seed)
    {
        await WarmUpAsync();
        var random = new Random(seed);
        var lent = new BlockingCollection<(TensorPayload Payload, float[] Floats)>();
        var owner = Task.Factory.StartNew(() => TakeBackAll(lent, new Random(seed)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int[] lengths = [.. Enumerable.Range(0, 60).Select(_ => random.Next(2) == 0 ? 1 << 18 : 1 << random.Next(14, 21))];
        var sending = SendMixedAsync(lengths, random, lent);
        await ReceiveAllAsync(lengths);
        await sending;
        await owner;
    }

    [Fact]
    public async Task Numbers_that_are_taken_back_before_they_are_flushed_or_whose_message_failed_are_copied_or_gone()
    {
        await WarmUpAsync();
        var output = Client.Transport.Output;
        var (failed, lost) = Lend(1 << 18, 1);
        // Written to room that is never taken.
        Write(failed, isWhole: false);
        var (payload, floats) = Lend(1 << 18, 2);
        Write(payload);
        payload.Withdraw();
        floats.AsSpan().Fill(float.NaN);
        failed.Withdraw();
        lost.AsSpan().Fill(float.NaN);
        // It is spent: a second time there is nothing of it.
        Write(payload);
        var flushing = output.FlushAsync();
        using (var arrived = await ReceiveAsync()) AssertNumbers(1 << 18, 2, arrived);
        Assert.Null(await ReceiveAsync());
        await flushing;
    }

    [Fact]
    public async Task A_flush_of_lent_numbers_that_waits_ends_when_it_is_canceled_and_they_are_the_owners_again()
    {
        await WarmUpAsync();
        var output = Client.Transport.Output;
        var flushing = new ValueTask<FlushResult>(default(FlushResult));
        TensorPayload payload;
        do
        {
            (payload, _) = Lend(1 << 20, 0);
            Write(payload);
            flushing = output.FlushAsync();
        }
        while (flushing.IsCompletedSuccessfully);
        output.CancelPendingFlush();
        var flushed = await flushing;
        Assert.True(flushed.IsCanceled || flushed.IsCompleted);
        payload.Withdraw();
    }

    [Fact]
    public async Task Numbers_that_are_taken_back_while_their_message_waits_are_sent_from_a_copy()
    {
        await WarmUpAsync();
        var output = Client.Transport.Output;
        var (lent, floats, number) = (new List<(TensorPayload Payload, float[] Floats)>(), 1 << 20, 0);
        var flushing = new ValueTask<FlushResult>(default(FlushResult));
        while (flushing.IsCompletedSuccessfully)
        {
            lent.Add(Lend(floats, number++));
            Write(lent[^1].Payload);
            flushing = output.FlushAsync();
        }
        // The peer reads nothing: the last one is stuck half way.
        lent[^1].Payload.Withdraw();
        lent[^1].Floats.AsSpan().Fill(float.NaN);

        await ReceiveAllAsync([.. Enumerable.Repeat(floats, number)]);
        await flushing;
        // That it was over long ago changes nothing.
        foreach (var (payload, _) in lent) payload.Withdraw();
    }

    [Fact]
    public async Task Numbers_that_are_taken_back_when_all_is_sent_are_not_written_to_memory_that_is_the_pools_again()
    {
        await WarmUpAsync();
        var output = Client.Transport.Output;
        var (payload, floats) = Lend(1 << 20, 1);
        var room = output.GetMemory();
        Write(payload);
        var flushing = output.FlushAsync();
        using (var arrived = await ReceiveAsync()) AssertNumbers(1 << 20, 1, arrived);
        await flushing;

        floats.AsSpan().Fill(float.NaN);
        payload.Withdraw();

        // Their end was copied to travel with the end of the message. Others may use the memory by now; they write nothing of this kind.
        var nan = MemoryMarshal.AsBytes<float>(floats)[..1024];
        Assert.Equal(-1, room.Span.Slice((floats.Length * sizeof(float)) - 2048, 2048).IndexOf(nan));
    }

    private async Task ReceiveAllAsync(int[] lengths)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            using var arrived = await ReceiveAsync();
            AssertNumbers(lengths[i], i, arrived);
        }
    }

    private async Task SendMixedAsync(int[] lengths, Random random, BlockingCollection<(TensorPayload Payload, float[] Floats)> lent)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            if (random.Next(3) == 0)
            {
                Write(Numbers(lengths[i], i));
            }
            else
            {
                var lending = Lend(lengths[i], i);
                Write(lending.Payload);
                lent.Add(lending);
            }
            if (random.Next(3) == 0) await Client.Transport.Output.FlushAsync();
        }
        await Client.Transport.Output.FlushAsync();
        lent.CompleteAdding();
    }

    private static void TakeBackAll(BlockingCollection<(TensorPayload Payload, float[] Floats)> lent, Random random)
    {
        foreach (var (payload, floats) in lent.GetConsumingEnumerable())
        {
            Thread.SpinWait(random.Next(40_000));
            payload.Withdraw();
            floats.AsSpan().Fill(float.NaN);
        }
    }

    private async Task LendAllAsync(int[] lengths, Random random)
    {
        var lent = new List<(TensorPayload Payload, float[] Floats)>();
        for (var i = 0; i < lengths.Length; i++)
        {
            lent.Add(Lend(lengths[i], i));
            Write(lent[^1].Payload);
            if (random.Next(3) > 0) continue;
            var flushing = Client.Transport.Output.FlushAsync();
            if (random.Next(2) == 0) TakeBack();
            await flushing;
            TakeBack();
        }
        await Client.Transport.Output.FlushAsync();
        TakeBack();

        void TakeBack()
        {
            foreach (var (payload, floats) in lent)
            {
                payload.Withdraw();
                floats.AsSpan().Fill(float.NaN);
            }
            lent.Clear();
        }
    }

    private static (TensorPayload Payload, float[] Floats) Lend(int floats, int number)
    {
        using var numbers = Numbers(floats, number);
        var slice = numbers.Slices.Span[0];
        var own = slice.Values.ToArray();
        return (TensorPayload.Borrow(new SegmentSlice[] { new(0, own) { Keys = slice.Keys.ToArray() } }), own);
    }

    private async Task<int> CountKeptAsync(int floats)
    {
        var count = 0;
        for (var i = 0; i < 20; i++)
        {
            Write(Numbers(floats, 1));
            var flushing = Client.Transport.Output.FlushAsync();
            using var arrived = await ReceiveAsync();
            await flushing;
            AssertNumbers(floats, 1, arrived);
            if (!MemoryMarshal.TryGetArray<float>(arrived.Slices.Span[0].Values, out _)) count++;
        }
        return count;
    }

    // The first message that is long goes through pages of its own.
    private async Task WarmUpAsync()
    {
        Write(Numbers(1 << 20, 0));
        var flushing = Client.Transport.Output.FlushAsync();
        (await ReceiveAsync()).Dispose();
        await flushing;
    }

    private async Task SendAllAsync(int[] lengths, int atOnce)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            Write(Numbers(lengths[i], i));
            // What was written is the connection's until it is flushed, whatever others do with the pool.
            var other = ArrayPool<byte>.Shared.Rent(lengths[i] * sizeof(float));
            other.AsSpan().Fill(0xEE);
            ArrayPool<byte>.Shared.Return(other);
            if (i % atOnce == 0) await Client.Transport.Output.FlushAsync();
        }
        await Client.Transport.Output.FlushAsync();
    }

    // Every third has keys.
    private static TensorPayload Numbers(int floats, int number)
    {
        var random = new Random(number);
        var payload = TensorPayload.Rent([new(0, floats, number % 3 == 0 ? floats / 16 : 0)]);
        foreach (ref var value in payload.Slices.Span[0].Values.Span) value = random.NextSingle();
        foreach (ref var key in MemoryMarshal.AsMemory(payload.Slices.Span[0].Keys).Span) key = random.NextInt64();
        return payload;
    }

    private static void AssertNumbers(int floats, int number, TensorPayload arrived)
    {
        using var expected = Numbers(floats, number);
        Assert.True(expected.Slices.Span[0].Values.Span.SequenceEqual(arrived.Slices.Span[0].Values.Span), $"The numbers of message {number} differ.");
        Assert.True(expected.Slices.Span[0].Keys.Span.SequenceEqual(arrived.Slices.Span[0].Keys.Span), $"The keys of message {number} differ.");
    }

    private void Write(TensorPayload payload, bool isWhole = true)
    {
        var message = new Message(Client.Transport.Output);
        WireRig.Write(payload, message);
        if (isWhole) message.Complete();
    }

    private Task<TensorPayload> ReceiveAsync() => ReceiveAsync(Server.Transport.Input, body => WireRig.Read<TensorPayload>(body));

    /// <summary>Writes a message as Orleans does: into the room that is offered, else into pages of its own that are copied.</summary>
    private sealed class Message : IBufferWriter<byte>
    {
        private readonly PipeWriter _output;
        private readonly Memory<byte> _room;
        private readonly ArrayBufferWriter<byte> _over = new();
        private int _written;
        private bool _isOver;

        public Message(PipeWriter output) => (_output, _room) = (output, output.GetMemory(4104));

        public void Advance(int count)
        {
            if (_isOver) _over.Advance(count);
            else _written += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            var rest = _room[(8 + _written)..];
            if (!_isOver && rest.Length > 0 && rest.Length >= sizeHint) return rest;
            _isOver = true;
            return _over.GetMemory(Math.Min(sizeHint, 4096));
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public void Complete()
        {
            BinaryPrimitives.WriteInt32LittleEndian(_room.Span, 0);
            BinaryPrimitives.WriteInt32LittleEndian(_room.Span[4..], _written + _over.WrittenCount);
            _output.Advance(8 + _written);
            if (!_isOver) return;
            _over.WrittenSpan.CopyTo(_output.GetSpan(_over.WrittenCount));
            _output.Advance(_over.WrittenCount);
        }
    }
}
