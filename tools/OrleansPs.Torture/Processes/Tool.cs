using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace OrleansPs.Torture;

/// <summary>Runs small programs of the system.</summary>
internal static class Tool
{
    /// <summary>What runs a program of ours.</summary>
    public static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The silo that was built with this program.</summary>
    public static string SiloPath => Path.GetFullPath(typeof(Tool).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "SiloPath").Value!);

    /// <summary>Runs one to its end.</summary>
    /// <returns>What it complained of; null if it succeeded.</returns>
    public static async Task<string?> RunAsync(params string[] command)
    {
        try
        {
            var info = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(info)!;
            var errors = process.StandardError.ReadToEndAsync();
            await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
            await process.WaitForExitAsync().ConfigureAwait(false);
            var error = (await errors.ConfigureAwait(false)).Split('\n')[0].Trim();
            return process.ExitCode == 0 ? null : $"{command[0]}: {(error.Length > 0 ? error : $"status {process.ExitCode}")}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{command[0]}: {e.Message}";
        }
    }

    /// <summary>Sends a signal, such as STOP. A process that is gone gets none.</summary>
    public static Task SignalAsync(Process process, string signal) => process.HasExited
        ? Task.CompletedTask
        : RunAsync("kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Starts a process that lasts, with what it writes in a file.</summary>
    /// <param name="log">The file; what is in it stays.</param>
    /// <param name="variables">What it finds in its environment, beside what this process has.</param>
    /// <param name="command">The command; whatever stands before the program must become it, so that signals reach it.</param>
    public static Process Start(string log, IReadOnlyDictionary<string, string> variables, IEnumerable<string> command)
    {
        var info = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", log, .. command]);
        foreach (var name in info.Environment.Keys.Where(IsConfiguration).ToArray()) info.Environment.Remove(name);
        foreach (var (name, value) in variables) info.Environment[name] = value;
        return Process.Start(info)!;
    }

    // What this program was started with is not the silos' business.
    private static bool IsConfiguration(string name) => name is "Urls" or "URLS" or "HTTP_PORTS" or "DOTNET_ENVIRONMENT" ||
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase) || name.Contains("__", StringComparison.Ordinal);
}
