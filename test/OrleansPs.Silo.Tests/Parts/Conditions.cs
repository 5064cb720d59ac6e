using System.ComponentModel;
using System.Diagnostics;

namespace OrleansPs.Silo.Tests;

/// <summary>A test of providers that a build may leave out.</summary>
internal sealed class CloudProvidersFactAttribute : FactAttribute
{
    public CloudProvidersFactAttribute()
    {
        if (!Exist) Skip = "This build has no cloud providers.";
    }

    private static bool Exist =>
        File.ReadAllText(Path.ChangeExtension(SiloProcess.Program(), ".deps.json")).Contains("Orleans.Clustering.Redis.dll", StringComparison.Ordinal);
}

/// <summary>A test with the signals of Unix; it is skipped on Windows.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Windows has no such signals.";
    }
}

/// <summary>A test on the real data set of the Debian package; it is skipped where that is not.</summary>
internal sealed class RealDataFactAttribute : FactAttribute
{
    public const string Location = "/usr/share/datasets/fashion-mnist";

    public RealDataFactAttribute()
    {
        if (!Directory.Exists(Location)) Skip = $"the data set is not there: {Location}";
    }
}

/// <summary>A test that needs kubectl to render manifests.</summary>
internal sealed class KubectlFactAttribute : FactAttribute
{
    public KubectlFactAttribute() => Skip = Kubectl.Reason;
}

/// <summary>Tests that need kubectl to render manifests.</summary>
internal sealed class KubectlTheoryAttribute : TheoryAttribute
{
    public KubectlTheoryAttribute() => Skip = Kubectl.Reason;
}

internal static class Kubectl
{
    /// <summary>Why there is none to use; null where there is one.</summary>
    public static string? Reason { get; } =
        CanRender() ? null : "kubectl 1.24 or later, which has kustomize, is not installed.";

    private static bool CanRender()
    {
        try
        {
            using var kubectl = Process.Start(
                new ProcessStartInfo("kubectl", ["version", "--client"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var versions = kubectl.StandardOutput.ReadToEnd();
            kubectl.WaitForExit();
            return versions.Contains("Kustomize Version", StringComparison.Ordinal);
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>The same with cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Windows has no signals to end a process with.";
    }
}
