using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace OrleansPs.Silo.Tests;

/// <summary>One of the tools in a process of its own: train, orleansps-worker or orleansps-ctl.</summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];

    private ToolProcess(ProcessStartInfo info)
    {
        _process = new() { StartInfo = info };
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has written so far, to stdout and stderr.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Starts a tool.</summary>
    /// <param name="tool">Train, Worker or Ctl.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ToolProcess Start(string tool, params string[] arguments)
    {
        var program = Path.GetFullPath(typeof(ToolProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(a => a.Key == tool + "Path").Value!);
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[program, .. arguments]) info.ArgumentList.Add(argument);
        return new(info);
    }

    /// <summary>Runs a tool to its end, which must be a good one.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(string tool, params string[] arguments)
    {
        using var process = Start(tool, arguments);
        await process.SucceedAsync();
        return process.Lines;
    }

    /// <summary>Waits for the end, which must be a good one.</summary>
    public async Task SucceedAsync()
    {
        var status = await ExitAsync();
        Assert.True(status == 0, $"It ended with {status}:\n{string.Join('\n', _lines)}");
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit status.</returns>
    public async Task<int> ExitAsync()
    {
        using var bound = new CancellationTokenSource(s_bound);
        await _process.WaitForExitAsync(bound.Token);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null) _lines.Enqueue(line);
    }
}
