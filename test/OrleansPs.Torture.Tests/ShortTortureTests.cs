using System.Diagnostics;
using Xunit.Abstractions;

namespace OrleansPs.Torture.Tests;

/// <summary>A short torture with real silos and workers; <c>tools/torture.sh</c> does long ones.</summary>
public sealed class ShortTortureTests(ITestOutputHelper output)
{
    [UnixFact]
    public async Task Nothing_that_was_acknowledged_is_lost_or_counts_twice()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "orleansps-torture.dll");
        var info = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [program, "--minutes", "0.75", "--network", "off", "--consistency", "asp,bsp", "--workers", "2", "--snapshot-every", "5"])
        { RedirectStandardOutput = true };
        using var process = Process.Start(info)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(6));
        try
        {
            var lines = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            output.WriteLine(lines);
            Assert.True(process.ExitCode == 0, lines);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute()
        {
            if (OperatingSystem.IsWindows()) Skip = "Windows has no SIGSTOP, and no sh.";
        }
    }
}
