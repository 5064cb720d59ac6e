using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Orleans.Networking.Shared;

namespace OrleansPs.Protocol.Tests.Transport;

/// <summary>Connections over real sockets, used as Orleans uses them.</summary>
public sealed class FrameTests : ConnectedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_of_any_length_arrive_as_they_were_each_in_one_piece(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [.. Enumerable.Range(0, 300).Select(_ => (int)Math.Pow(2, random.NextDouble() * 21)), 5 << 20, 1, 5 << 20, 7];
        var sending = SendAllAsync(Client.Transport.Output, lengths, random.Next(1, 4));
        foreach (var (length, i) in lengths.Select((l, i) => (l, i)))
        {
            var message = await ReceiveAsync(Server.Transport.Input, body =>
            {
                Assert.True(body.IsSingleSegment);
                return body.ToArray();
            });
            Assert.Equal(length, message.Length);
            Assert.Equal(Body(length, i), message);
        }
        await sending;
    }

    [Theory]
    [InlineData(16 << 10)]
    [InlineData(24 << 10)]
    [InlineData(32 << 10)]
    [InlineData(48 << 10)]
    [InlineData(64 << 10)]
    [InlineData(256 << 10)]
    [InlineData(1 << 20)]
    public async Task A_message_as_long_as_one_before_finds_room_for_all_of_it(int length)
    {
        var writer = Client.Transport.Output;
        var reading = DiscardAsync();
        foreach (var more in (int[])[-9, -8, -7, 0, 1, 300])
        {
            Write(writer, new byte[length + more]);
            await writer.FlushAsync();
            for (var i = 0; i < 4; i++)
            {
                Assert.InRange(writer.GetMemory(4104).Length, length + more + 8, int.MaxValue);
                Write(writer, new byte[length + more]);
            }
            await writer.FlushAsync();
        }
        Client.Abort();
        await reading;
    }

    [Fact]
    public async Task Room_is_given_up_after_many_short_messages()
    {
        var writer = (FrameWriter)Client.Transport.Output;
        var reading = DiscardAsync();
        Write(writer, new byte[1 << 20]);
        await writer.FlushAsync();
        Assert.InRange(writer.Room, 1 << 20, 2 << 20);
        for (var i = 0; i < 512; i++)
        {
            Write(writer, new byte[100]);
            await writer.FlushAsync();
        }
        Assert.Equal(FrameWriter.LeastBytes, writer.Room);
        Client.Abort();
        await reading;
    }

    [Fact]
    public async Task A_message_for_whose_rest_there_is_no_memory_is_not_begun()
    {
        var output = Client.Transport.Output;
        output.GetSpan(4096)[..4096].Clear();
        output.Advance(4096);
        Assert.Throws<ArgumentOutOfRangeException>(() => output.GetMemory(int.MaxValue));
        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await output.FlushAsync());
        Client.Abort();
        var read = await Server.Transport.Input.ReadAsync();
        Assert.Equal((true, 0), (read.IsCompleted, read.Buffer.Length));
    }

    [Theory]
    [InlineData(1, 1 << 30)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(-5, 3)]
    [InlineData(MaxFrame, 0)]
    public async Task A_word_of_length_alone_buys_little_memory(int header, int body)
    {
        var prefix = new byte[(1 << 20) + 8];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, header);
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(4), body);
        var writing = Client.Transport.Output.WriteAsync(prefix).AsTask();
        for (var seen = 0L; seen < prefix.Length;)
        {
            var read = await Server.Transport.Input.ReadAsync();
            seen = read.Buffer.Length;
            Assert.True(MemoryMarshal.TryGetArray(read.Buffer.First, out var whole));
            Assert.InRange(whole.Array!.Length, 0, 64 * Math.Max(seen, FrameReader.IdleBytes));
            Server.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
        await writing;
    }

    [Fact]
    public async Task Options_that_the_system_does_not_take_keep_nobody_from_connecting()
    {
        var factory = new FrameConnectionFactory(new() { KeepAliveTimeSeconds = 1_000_000 }, MaxFrame);
        await using var connection = await factory.ConnectAsync(Listener.EndPoint);
    }

    [Fact]
    public async Task A_read_that_waits_ends_when_it_is_canceled()
    {
        var reading = Server.Transport.Input.ReadAsync();
        Server.Transport.Input.CancelPendingRead();
        Assert.True((await reading).IsCanceled);
    }

    [Fact]
    public async Task A_flush_that_waits_for_a_peer_that_does_not_read_ends_when_it_is_canceled()
    {
        var output = Client.Transport.Output;
        var flushing = new ValueTask<FlushResult>(default(FlushResult));
        while (flushing.IsCompletedSuccessfully)
        {
            output.GetSpan(1 << 20)[..(1 << 20)].Clear();
            output.Advance(1 << 20);
            flushing = output.FlushAsync();
        }
        output.CancelPendingFlush();
        Assert.True((await flushing).IsCanceled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_closed_ends_its_read_and_its_peers_and_tells_that_it_is_closed(bool isAborted)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var _ = Client.ConnectionClosed.Register(closed.SetResult);
        // Whoever throws here disturbs nobody.
        using var __ = Client.ConnectionClosed.Register(() => throw new InvalidOperationException());
        var (own, peers) = (Client.Transport.Input.ReadAsync().AsTask(), Server.Transport.Input.ReadAsync().AsTask());
        if (isAborted) Client.Abort();
        await Client.DisposeAsync();
        await closed.Task;
        Assert.True((await own).IsCompleted);
        Assert.True((await peers).IsCompleted);
        Assert.True((await FlushOneAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_is_reset_is_an_error_to_its_reader()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new(true, 0) };
        var accepting = Listener.AcceptAsync();
        await socket.ConnectAsync(Listener.EndPoint);
        await using var accepted = (await accepting)!;
        var reading = accepted.Transport.Input.ReadAsync().AsTask();
        socket.Close();
        await Assert.ThrowsAsync<ConnectionResetException>(() => reading);
    }

    [Fact]
    public async Task A_listener_that_is_unbound_accepts_nobody_and_nobody_connects()
    {
        var accepting = Listener.AcceptAsync();
        await Listener.UnbindAsync();
        Assert.Null(await accepting);
        await Assert.ThrowsAsync<SocketConnectionException>(
            async () => await new FrameConnectionFactory(Options, MaxFrame).ConnectAsync(Listener.EndPoint));
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_refused()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await Assert.ThrowsAsync<AddressInUseException>(async () => await new FrameListenerFactory(Options, MaxFrame).BindAsync(other.LocalEndPoint!));
    }

    private async Task<FlushResult> FlushOneAsync()
    {
        FlushResult result;
        do
        {
            Server.Transport.Output.GetSpan(8)[..8].Clear();
            Server.Transport.Output.Advance(8);
            result = await Server.Transport.Output.FlushAsync();
        }
        while (!result.IsCompleted);
        return result;
    }

    private async Task DiscardAsync()
    {
        try
        {
            while (await Server.Transport.Input.ReadAsync() is { IsCompleted: false } read) Server.Transport.Input.AdvanceTo(read.Buffer.End);
        }
        catch (ConnectionResetException)
        {
        }
    }

    private static async Task SendAllAsync(PipeWriter output, int[] lengths, int atOnce)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            Write(output, Body(lengths[i], i));
            if (i % atOnce == 0) await output.FlushAsync();
        }
        await output.FlushAsync();
    }

    // As Orleans does it: all in the room that is offered, or what is over into room that is asked for.
    private static void Write(PipeWriter output, byte[] body)
    {
        var room = output.GetMemory(4104);
        BinaryPrimitives.WriteInt32LittleEndian(room.Span, 0);
        BinaryPrimitives.WriteInt32LittleEndian(room.Span[4..], body.Length);
        var first = Math.Min(body.Length, room.Length - 8);
        body.AsSpan(0, first).CopyTo(room.Span[8..]);
        output.Advance(8 + first);
        if (first == body.Length) return;
        body.AsSpan(first).CopyTo(output.GetSpan(body.Length - first));
        output.Advance(body.Length - first);
    }

    private static byte[] Body(int length, int number)
    {
        var body = new byte[length];
        new Random(number).NextBytes(body);
        return body;
    }
}
