using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Conformance;

/// <summary>Ports that nobody listens at, each given out once. None is one that the system gives to a connection by itself meanwhile.</summary>
public static class Ports
{
    private const int First = 20_000;
    private const int Count = 10_000;

    private static int s_next = Environment.ProcessId * 64;

    /// <summary>Several.</summary>
    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(_ => Free())];

    /// <summary>One.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % Count);
            if (IsFree(port)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
