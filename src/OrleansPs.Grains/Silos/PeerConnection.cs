using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Grains;

/// <summary>What came of an attempt to hold a connection.</summary>
internal enum Held
{
    /// <summary>There was one over which the other side's greeting came, and the other side ended it.</summary>
    Ended,

    /// <summary>The other side refused to connect.</summary>
    Refused,

    /// <summary>There was no answer, or no greeting, or the connection broke on the way.</summary>
    Unknown,
}

/// <summary>A connection on which nothing is sent, to learn that the process at its other end is gone.</summary>
internal static class PeerConnection
{
    /// <summary>
    /// Connects, and waits until the connection ends. A silo greets whoever connects; what ends a connection before that may be something between, such as
    /// the limit of a handshake.
    /// </summary>
    public static async Task<Held> HoldAsync(EndPoint peer, TimeSpan connectLimit, CancellationToken stop)
    {
        using var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (await TryConnectAsync(socket, peer, connectLimit, stop).ConfigureAwait(false) is not true and var failed)
            return failed is null ? Held.Refused : Held.Unknown;
        var isGreeted = false;
        try
        {
            var greeting = new byte[256];
            while (await socket.ReceiveAsync(greeting, stop).ConfigureAwait(false) > 0) isGreeted = true;
            return isGreeted ? Held.Ended : Held.Unknown;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return isGreeted ? Held.Ended : Held.Unknown;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return Held.Unknown;
        }
    }

    /// <summary>Whether the other side refuses to connect.</summary>
    public static async Task<bool> IsRefusedAsync(EndPoint peer, TimeSpan connectLimit, CancellationToken stop)
    {
        using var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        return await TryConnectAsync(socket, peer, connectLimit, stop).ConfigureAwait(false) is null;
    }

    /// <returns>True if it is connected, false if it is unknown whether that can be, null if it was refused.</returns>
    private static async Task<bool?> TryConnectAsync(Socket socket, EndPoint peer, TimeSpan connectLimit, CancellationToken stop)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(connectLimit);
            await socket.ConnectAsync(peer, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
