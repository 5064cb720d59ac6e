using System.Diagnostics;
using System.Globalization;

namespace OrleansPs.Train.Tests;

/// <summary>The program in a process of its own, which can be killed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ChildProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public static ChildProcess Start(params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[typeof(TrainApp).Assembly.Location, .. arguments]) info.ArgumentList.Add(argument);
        return new(Process.Start(info)!);
    }

    /// <summary>Starts the program and waits until it has written so many snapshots, or has ended before.</summary>
    public static Task<ChildProcess> StartAndAwaitSnapshotAsync(string directory, int cut, params string[] arguments) =>
        StartAndAwaitSnapshotAsync(PerceptronOptions.JobName, directory, cut, arguments);

    /// <summary>The same for a model of another name.</summary>
    public static async Task<ChildProcess> StartAndAwaitSnapshotAsync(string name, string directory, int cut, string[] arguments)
    {
        var model = Directory.CreateDirectory(Path.Combine(directory, name));
        using var watcher = new FileSystemWatcher(model.FullName);
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(string? name)
        {
            if (name == $"manifest-{cut}.json") seen.TrySetResult();
        }
        watcher.Created += (_, e) => Look(e.Name);
        watcher.Renamed += (_, e) => Look(e.Name);
        watcher.EnableRaisingEvents = true;
        var child = Start([.. arguments, "--snapshots", directory]);
        await Task.WhenAny(seen.Task, child._process.WaitForExitAsync());
        if (seen.Task.IsCompleted) return child;
        var outcome = await child.EndAsync();
        throw new InvalidOperationException($"It ended with {outcome.Status} before snapshot {cut}.\n{outcome.Output}\n{outcome.Error}");
    }

    /// <summary>Kills the program: it gets no chance to do anything more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        Assert.NotEqual(0, (await EndAsync()).Status);
    }

    /// <summary>Asks the program to end, by SIGTERM.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async Task<Outcome> EndAsync()
    {
        await _process.WaitForExitAsync();
        return new(_process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
