using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Orleans.Networking.Shared;

namespace OrleansPs.Protocol;

/// <summary>Opens connections to silos.</summary>
internal sealed class FrameConnectionFactory(SocketConnectionOptions options, long maxFrame) : IConnectionFactory
{
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = FrameSockets.Open(endpoint, options);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            return new FrameConnection(socket, maxFrame);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new SocketConnectionException($"Unable to connect to {endpoint}. Error: {e.SocketErrorCode}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Sockets with the options that Orleans has for them.</summary>
internal static class FrameSockets
{
    public static Socket Open(EndPoint endpoint, SocketConnectionOptions options)
    {
        // A connection that is closed leaves nothing behind that would still be sent.
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { LingerState = new(true, 0) };
        Configure(socket, options);
        return socket;
    }

    public static void Configure(Socket socket, SocketConnectionOptions options)
    {
        socket.NoDelay = options.NoDelay;
        if (!options.KeepAlive) return;
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, options.KeepAliveTimeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, options.KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveRetryCount);
        }
        catch (SocketException)
        {
            // Not every system knows them, or takes every value; Orleans goes on without them too.
        }
    }
}
