using System.Diagnostics;
using System.Reflection;

namespace OrleansPs.Worker.Tests;

/// <summary>The program that trains in one process.</summary>
internal static class TrainProgram
{
    public static async Task RunAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[Location(), .. arguments]) info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + await error);
    }

    private static string Location() => Path.GetFullPath(typeof(TrainProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "TrainPath").Value!);
}
