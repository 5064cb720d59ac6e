using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Silo.Tests;

/// <summary>Ports that nobody listens at, each given out once. None is one that the system gives to a connection by itself meanwhile.</summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int Count = 10_000;

    private static int s_next = Environment.ProcessId * 64;

    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(_ => Free())];

    private static int Free()
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
