using System.Net.Sockets;

/// <summary>
/// Runs inside each silo that is measured, before its own code (DOTNET_STARTUP_HOOKS), and tells whoever connects how many bytes the process has
/// allocated since it began. The name and the missing namespace are what .NET looks for.
/// </summary>
#pragma warning disable CA1050 // See above.
internal static class StartupHook
#pragma warning restore CA1050
{
    /// <summary>The variable with the path of the socket to answer at.</summary>
    public const string Variable = "ORLEANSPS_BENCH_METER";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path) return;
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => Answer(listener)) { IsBackground = true, Name = "meter" }.Start();
    }

    private static void Answer(Socket listener)
    {
        while (true)
        {
            using var asker = listener.Accept();
            asker.Send(BitConverter.GetBytes(GC.GetTotalAllocatedBytes(precise: true)));
        }
    }
}
