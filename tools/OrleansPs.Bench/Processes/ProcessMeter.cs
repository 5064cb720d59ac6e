using System.Diagnostics;
using System.Net.Sockets;

namespace OrleansPs.Bench;

/// <summary>What processes have used so far.</summary>
internal static class ProcessMeter
{
    /// <summary>User and system seconds of processes, all their threads together.</summary>
    public static double CpuSeconds(IEnumerable<Process> processes) => processes.Sum(process =>
    {
        process.Refresh();
        return process.TotalProcessorTime.TotalSeconds;
    });

    /// <summary>The bytes that a process with a <see cref="StartupHook"/> has allocated.</summary>
    public static long Allocated(string meter)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(meter));
        var bytes = new byte[sizeof(long)];
        for (var received = 0; received < bytes.Length;) received += socket.Receive(bytes, received, bytes.Length - received, SocketFlags.None);
        return BitConverter.ToInt64(bytes);
    }
}
