using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Bench;

/// <summary>
/// The most that a connection on loopback gives: the bytes of a row's request and reply over one plain synchronous socket, with nothing done to them.
/// Two threads, so that several requests are on their way at a time.
/// </summary>
internal sealed class RawSocket : IDisposable
{
    private const int HeadBytes = 2 * sizeof(int);

    private readonly Socket _socket;
    private byte[] _sent = [];
    private byte[] _received = [];

    private RawSocket(Socket socket) => _socket = socket;

    public static RawSocket Connect(int port) => new(Relay.Open(port));

    /// <summary>Does a row's operations.</summary>
    public RunReport Run(BenchRow row, int operations)
    {
        var bytes = row.Numbers * sizeof(float);
        if (_sent.Length < HeadBytes + bytes) (_sent, _received) = (Touched(HeadBytes + bytes), Touched(bytes));
        var ticks = new long[operations];
        var start = Stopwatch.GetTimestamp();
        if (row.InFlight == 1) Alone(row, bytes, ticks);
        else Several(row, bytes, ticks);
        return RunReport.Of(ticks, Stopwatch.GetElapsedTime(start).TotalSeconds, allocated: 0);
    }

    /// <summary>Is the other end, until the connection ends.</summary>
    public static int Serve(int port)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        using var socket = listener.Accept();
        socket.NoDelay = true;
        var (head, bytes) = (new byte[HeadBytes], Array.Empty<byte>());
        try
        {
            while (true)
            {
                Relay.ReceiveAll(socket, head);
                var (takes, gives) = (BinaryPrimitives.ReadInt32LittleEndian(head), BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(sizeof(int))));
                if (bytes.Length < Math.Max(takes, gives)) bytes = Touched(Math.Max(takes, gives));
                Relay.ReceiveAll(socket, bytes.AsSpan(0, takes));
                Relay.SendAll(socket, bytes.AsSpan(0, gives));
            }
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Alone(BenchRow row, int bytes, long[] ticks)
    {
        for (var i = 0; i < ticks.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var (takes, gives) in Requests(row, bytes))
            {
                Send(takes, gives);
                Relay.ReceiveAll(_socket, _received.AsSpan(0, gives));
            }
            ticks[i] = Stopwatch.GetTimestamp() - start;
        }
    }

    private void Several(BenchRow row, int bytes, long[] ticks)
    {
        using var room = new SemaphoreSlim(row.InFlight);
        var starts = new long[ticks.Length];
        var requests = Requests(row, bytes);
        var sender = new Thread(() =>
        {
            for (var i = 0; i < ticks.Length; i++)
            {
                room.Wait();
                starts[i] = Stopwatch.GetTimestamp();
                foreach (var (takes, gives) in requests) Send(takes, gives);
            }
        });
        sender.Start();
        for (var i = 0; i < ticks.Length; i++)
        {
            foreach (var (_, gives) in requests) Relay.ReceiveAll(_socket, _received.AsSpan(0, gives));
            ticks[i] = Stopwatch.GetTimestamp() - starts[i];
            room.Release();
        }
        sender.Join();
    }

    // What goes there and what comes back; an acknowledgement is 8 bytes.
    private static (int Takes, int Gives)[] Requests(BenchRow row, int bytes) => row.Operation switch
    {
        Operation.Push => [(bytes, HeadBytes)],
        Operation.Pull => [(0, bytes)],
        Operation.PushPull => [(bytes, bytes)],
        _ => [(bytes, HeadBytes), (0, bytes)],
    };

    private void Send(int takes, int gives)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_sent, takes);
        BinaryPrimitives.WriteInt32LittleEndian(_sent.AsSpan(sizeof(int)), gives);
        Relay.SendAll(_socket, _sent.AsSpan(0, HeadBytes + takes));
    }

    // A page that nobody has written to is slow to touch.
    private static byte[] Touched(int bytes)
    {
        var array = new byte[Math.Max(bytes, HeadBytes)];
        array.AsSpan().Fill(1);
        return array;
    }
}
