using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Networking.Shared;

namespace OrleansPs.Protocol.Tests.Transport;

/// <summary>Tests with both ends of a connection over a real socket.</summary>
public abstract class ConnectedTests : IAsyncLifetime
{
    private protected const int MaxFrame = 8 << 20;

    private protected SocketConnectionOptions Options { get; } = new();

    private protected IConnectionListener Listener { get; private set; } = null!;

    private protected ConnectionContext Client { get; private set; } = null!;

    private protected ConnectionContext Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Listener = await new FrameListenerFactory(Options, MaxFrame).BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accepting = Listener.AcceptAsync();
        Client = await new FrameConnectionFactory(Options, MaxFrame).ConnectAsync(Listener.EndPoint);
        Server = (await accepting)!;
    }

    public async Task DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        await Listener.DisposeAsync();
    }

    private protected static async Task<T> ReceiveAsync<T>(PipeReader input, Func<ReadOnlySequence<byte>, T> take)
    {
        while (true)
        {
            // As Orleans reads: on the thread on which the bytes came.
            var buffer = (await input.ReadAsync().ConfigureAwait(false)).Buffer;
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
}
