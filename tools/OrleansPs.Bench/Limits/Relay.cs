using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Bench;

/// <summary>
/// The least that two hops can cost: a process takes as many bytes as it is told, passes them on to the next one if there is one, and when that one
/// has them says so with one byte. Plain synchronous sockets.
/// </summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _bytes;
    private readonly byte[] _reply = new byte[1];

    private Relay(Socket socket, int bytes)
    {
        (_socket, _bytes) = (socket, new byte[sizeof(int) + bytes]);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes, bytes);
    }

    /// <summary>Connects to the first process of a relay.</summary>
    public static Relay Connect(int port, int bytes) => new(Open(port), bytes);

    /// <summary>Sends the bytes through, and waits for the answer.</summary>
    public void Send()
    {
        SendAll(_socket, _bytes);
        ReceiveAll(_socket, _reply);
    }

    /// <summary>Is one process of a relay, until the connection ends.</summary>
    /// <param name="port">Where to listen.</param>
    /// <param name="next">Where to pass on to; 0 for nowhere.</param>
    public static int Serve(int port, int next)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        using var socket = listener.Accept();
        socket.NoDelay = true;
        using var onwards = next == 0 ? null : Open(next);
        try
        {
            while (true) Pass(socket, onwards);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static byte[] s_buffer = [];

    private static void Pass(Socket socket, Socket? onwards)
    {
        Span<byte> head = stackalloc byte[sizeof(int)];
        ReceiveAll(socket, head);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (s_buffer.Length < sizeof(int) + length) s_buffer = new byte[sizeof(int) + length];
        var message = s_buffer.AsSpan(0, sizeof(int) + length);
        head.CopyTo(message);
        ReceiveAll(socket, message[sizeof(int)..]);
        if (onwards is not null)
        {
            SendAll(onwards, message);
            ReceiveAll(onwards, head[..1]);
        }
        SendAll(socket, head[..1]);
    }

    // The process that listens may just be starting.
    internal static Socket Open(int port)
    {
        for (var attempt = 0; ; attempt++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(IPAddress.Loopback, port);
                return socket;
            }
            catch (SocketException) when (attempt < 200)
            {
                socket.Dispose();
                Thread.Sleep(50);
            }
        }
    }

    internal static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[socket.Send(bytes)..];
    }

    internal static void ReceiveAll(Socket socket, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var received = socket.Receive(into);
            if (received == 0) throw new SocketException((int)SocketError.ConnectionReset);
            into = into[received..];
        }
    }
}
