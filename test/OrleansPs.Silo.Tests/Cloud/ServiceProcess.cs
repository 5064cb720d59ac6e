using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cloud;

/// <summary>A service of somebody else's as a process on a free port of loopback, with a directory of its own.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private readonly TempDirectory _directory;
    private readonly ProcessStartInfo _info;
    private Process? _process;

    private ServiceProcess(int port, TempDirectory directory, ProcessStartInfo info) => (Port, _directory, _info) = (port, directory, info);

    public int Port { get; }

    /// <summary>redis-server, keeping nothing.</summary>
    public static Task<ServiceProcess> StartRedisAsync() => StartAsync("redis-server", (port, directory) =>
        ["--port", Text(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory]);

    /// <summary>Azurite's blob service.</summary>
    public static Task<ServiceProcess> StartAzuriteAsync() => StartAsync("azurite-blob", (port, directory) =>
        ["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", Text(port), "--location", directory]);

    /// <summary>The connection string of an Azurite, with the key that all of them have.</summary>
    public string BlobConnection => string.Create(CultureInfo.InvariantCulture,
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:{Port}/devstoreaccount1;");

    /// <summary>Whether a program is on the path.</summary>
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, program)));

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        _process = null;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Starts it on the same port and directory, and waits until it can be called.</summary>
    public async Task StartAsync()
    {
        _process = Process.Start(_info)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await CanConnectAsync()) await Task.Delay(20, bound.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _directory.Dispose();
    }

    private static async Task<ServiceProcess> StartAsync(string program, Func<int, string, string[]> arguments)
    {
        var (port, directory) = (Ports.Free(1)[0], new TempDirectory());
        var info = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments(port, directory.FullPath)) info.ArgumentList.Add(argument);
        var service = new ServiceProcess(port, directory, info);
        await service.StartAsync();
        return service;
    }

    private async Task<bool> CanConnectAsync()
    {
        if (_process!.HasExited) throw new InvalidOperationException($"{_info.FileName} ended with {_process.ExitCode}.");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
