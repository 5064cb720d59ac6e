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
public sealed class FrameTests : IAsyncLifetime
{
    private const int MaxFrame = 8 << 20;
    private readonly SocketConnectionOptions _options = new();
    private IConnectionListener _listener = null!;
    private ConnectionContext _client = null!;
    private ConnectionContext _server = null!;

    public async Task InitializeAsync()
    {
        _listener = await new FrameListenerFactory(_options, MaxFrame).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = _listener.AcceptAsync();
        _client = await new FrameConnectionFactory(_options, MaxFrame).ConnectAsync(_listener.EndPoint);
        _server = (await accepting)!;
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
        await _listener.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Messages_of_any_length_arrive_as_they_were_each_in_one_piece(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [.. Enumerable.Range(0, 300).Select(_ => (int)Math.Pow(2, random.NextDouble() * 21)), 5 << 20, 1, 5 << 20, 7];
        var sending = SendAllAsync(_client.Transport.Output, lengths, random.Next(1, 4));
        foreach (var (length, i) in lengths.Select((l, i) => (l, i)))
        {
            var message = await ReceiveAsync(_server.Transport.Input, body =>
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
        var writer = _client.Transport.Output;
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
        _client.Abort();
        await reading;
    }

    [Fact]
    public async Task Room_is_given_up_after_many_short_messages()
    {
        var writer = (FrameWriter)_client.Transport.Output;
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
        _client.Abort();
        await reading;
    }

    [Fact]
    public async Task A_message_for_whose_rest_there_is_no_memory_is_not_begun()
    {
        var output = _client.Transport.Output;
        output.GetSpan(4096)[..4096].Clear();
        output.Advance(4096);
        Assert.Throws<ArgumentOutOfRangeException>(() => output.GetMemory(int.MaxValue));
        await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await output.FlushAsync());
        _client.Abort();
        var read = await _server.Transport.Input.ReadAsync();
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
        var writing = _client.Transport.Output.WriteAsync(prefix).AsTask();
        for (var seen = 0L; seen < prefix.Length;)
        {
            var read = await _server.Transport.Input.ReadAsync();
            seen = read.Buffer.Length;
            Assert.True(MemoryMarshal.TryGetArray(read.Buffer.First, out var whole));
            Assert.InRange(whole.Array!.Length, 0, 64 * Math.Max(seen, FrameReader.IdleBytes));
            _server.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
        await writing;
    }

    [Fact]
    public async Task Options_that_the_system_does_not_take_keep_nobody_from_connecting()
    {
        var factory = new FrameConnectionFactory(new() { KeepAliveTimeSeconds = 1_000_000 }, MaxFrame);
        await using var connection = await factory.ConnectAsync(_listener.EndPoint);
    }

    [Fact]
    public async Task A_read_that_waits_ends_when_it_is_canceled()
    {
        var reading = _server.Transport.Input.ReadAsync();
        _server.Transport.Input.CancelPendingRead();
        Assert.True((await reading).IsCanceled);
    }

    [Fact]
    public async Task A_flush_that_waits_for_a_peer_that_does_not_read_ends_when_it_is_canceled()
    {
        var output = _client.Transport.Output;
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
        using var _ = _client.ConnectionClosed.Register(closed.SetResult);
        // Whoever throws here disturbs nobody.
        using var __ = _client.ConnectionClosed.Register(() => throw new InvalidOperationException());
        var (own, peers) = (_client.Transport.Input.ReadAsync().AsTask(), _server.Transport.Input.ReadAsync().AsTask());
        if (isAborted) _client.Abort();
        await _client.DisposeAsync();
        await closed.Task;
        Assert.True((await own).IsCompleted);
        Assert.True((await peers).IsCompleted);
        Assert.True((await FlushOneAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_is_reset_is_an_error_to_its_reader()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new(true, 0) };
        var accepting = _listener.AcceptAsync();
        await socket.ConnectAsync(_listener.EndPoint);
        await using var accepted = (await accepting)!;
        var reading = accepted.Transport.Input.ReadAsync().AsTask();
        socket.Close();
        await Assert.ThrowsAsync<ConnectionResetException>(() => reading);
    }

    [Fact]
    public async Task A_listener_that_is_unbound_accepts_nobody_and_nobody_connects()
    {
        var accepting = _listener.AcceptAsync();
        await _listener.UnbindAsync();
        Assert.Null(await accepting);
        await Assert.ThrowsAsync<SocketConnectionException>(
            async () => await new FrameConnectionFactory(_options, MaxFrame).ConnectAsync(_listener.EndPoint));
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_refused()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await Assert.ThrowsAsync<AddressInUseException>(async () => await new FrameListenerFactory(_options, MaxFrame).BindAsync(other.LocalEndPoint!));
    }

    private async Task<FlushResult> FlushOneAsync()
    {
        FlushResult result;
        do
        {
            _server.Transport.Output.GetSpan(8)[..8].Clear();
            _server.Transport.Output.Advance(8);
            result = await _server.Transport.Output.FlushAsync();
        }
        while (!result.IsCompleted);
        return result;
    }

    private async Task DiscardAsync()
    {
        try
        {
            while (await _server.Transport.Input.ReadAsync() is { IsCompleted: false } read) _server.Transport.Input.AdvanceTo(read.Buffer.End);
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

    private static async Task<T> ReceiveAsync<T>(PipeReader input, Func<ReadOnlySequence<byte>, T> take)
    {
        while (true)
        {
            var buffer = (await input.ReadAsync()).Buffer;
            if (Length(buffer) is { } length && buffer.Length >= 8 + length)
            {
                var body = buffer.Slice(8, length);
                var taken = take(body);
                input.AdvanceTo(body.End);
                return taken;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static int? Length(in ReadOnlySequence<byte> buffer) =>
        buffer.Length < 8 ? null : BinaryPrimitives.ReadInt32LittleEndian(buffer.FirstSpan[4..]);

    private static byte[] Body(int length, int number)
    {
        var body = new byte[length];
        new Random(number).NextBytes(body);
        return body;
    }
}
