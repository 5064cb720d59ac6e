using System.Diagnostics;

namespace OrleansPs.Hosting.Tests;

/// <summary>A file system of a few pages, mounted on a directory until it is disposed.</summary>
internal sealed class Mount : IDisposable
{
    private readonly string _directory;

    private Mount(string directory) => _directory = directory;

    public static Mount Tiny(string directory)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", directory))
            throw new InvalidOperationException($"Cannot mount a file system on '{directory}'.");
        return new(directory);
    }

    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", _directory));

    public void Dispose() => Run("umount", _directory);

    public static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A test of what only Linux has.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>A test that mounts a file system.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanMount = new(() =>
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return false;
        var directory = Directory.CreateTempSubdirectory("orleansps-").FullName;
        try
        {
            Mount.Tiny(directory).Dispose();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        finally
        {
            Directory.Delete(directory);
        }
    });

    public MountFactAttribute() => Skip = CanMount.Value ? null : "needs Linux and the right to mount a file system (root)";
}

/// <summary>A test that starts a process as another user.</summary>
internal sealed class NobodyFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> CanBecomeNobody = new(() =>
        OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
        && Mount.Run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-r", typeof(NobodyFactAttribute).Assembly.Location));

    public NobodyFactAttribute() =>
        Skip = CanBecomeNobody.Value ? null : "needs root, setpriv, and a build that other users may read";
}
