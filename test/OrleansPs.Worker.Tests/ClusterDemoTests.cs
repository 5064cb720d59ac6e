using System.Diagnostics;

namespace OrleansPs.Worker.Tests;

/// <summary>What tools/cluster-demo.sh says before it starts anything.</summary>
public sealed class ClusterDemoTests
{
    [UnixTheory]
    [InlineData("--workers 0", "--workers is '0': it must be a whole number from 1 to 64")]
    [InlineData("--workers=65", "--workers is '65': it must be a whole number from 1 to 64")]
    [InlineData("--silos two", "--silos is 'two': it must be a whole number from 1 to 16")]
    [InlineData("--silos", "--silos needs a number")]
    [InlineData("--rank 1", "--rank is the script's own business")]
    [InlineData("--epochs 1 --directory=d", "--directory is the script's own business")]
    public async Task A_bad_argument_is_refused(string arguments, string message)
    {
        var info = new ProcessStartInfo("bash", [Script(), .. arguments.Split(' ')]) { RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((1, $"cluster-demo: {message}\n"), (process.ExitCode, error));
    }

    private static string Script()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "tools", "cluster-demo.sh"))) return Path.Combine(directory.FullName, "tools", "cluster-demo.sh");
        throw new InvalidOperationException("tools/cluster-demo.sh was not found.");
    }
}

/// <summary>Tests with the shell of Unix; they are skipped on Windows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Windows has no such shell.";
    }
}
