using System.Diagnostics;

namespace OrleansPs.Hosting.Tests;

/// <summary>A second process: this assembly as the program that <see cref="ChildProgram"/> describes.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public int Id => _process.Id;

    public static Child Start(params string[] arguments) => Start(DotNet, ["exec", Assembly, .. arguments]);

    /// <summary>Starts it as the user that owns nothing; for root alone.</summary>
    public static Child StartAsNobody(params string[] arguments) =>
        Start("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", DotNet, "exec", Assembly, .. arguments]);

    public string? ReadLine() => _process.StandardOutput.ReadLine();

    /// <summary>All lines until it ends by itself.</summary>
    public async Task<string[]> ReadAllAsync()
    {
        var text = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        Assert.Equal(0, _process.ExitCode);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>Lets it end by itself.</summary>
    public void End()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
    }

    /// <summary>SIGKILL: nothing of it runs any more, no handler and no finally.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    private static string Assembly => typeof(Child).Assembly.Location;

    private static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    private static Child Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return new(Process.Start(start)!);
    }
}
