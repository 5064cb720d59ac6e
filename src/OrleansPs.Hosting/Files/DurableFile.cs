using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansPs.Hosting;

/// <summary>
/// Files that are there whole or not at all, whenever the process or the machine dies: a temporary file in the same
/// directory, its bytes forced to the disk, renamed over the final name, the directory forced to the disk.
/// </summary>
internal static partial class DurableFile
{
    /// <summary>How the names of temporary files end.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>
    /// Writes a file whole. The rename itself lasts only once <see cref="FlushDirectory"/> has been called, so that many
    /// files can share one.
    /// </summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}{TemporarySuffix}";
        try
        {
            using (var file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                RandomAccess.Write(file, content, 0);
                RandomAccess.FlushToDisk(file);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>Creates a directory where it does not exist, and those above it; lasts when it returns.</summary>
    public static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory)) return;
        var parent = Path.GetDirectoryName(directory);
        if (parent is not null) CreateDirectory(parent);
        Directory.CreateDirectory(directory);
        if (parent is not null) FlushDirectory(parent);
    }

    /// <summary>Forces a directory's entries to the disk. Windows has no need and no way.</summary>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        // File.OpenHandle refuses directories, hence the call into the C library.
        using var handle = new SafeFileHandle(OpenForReading(directory, 0), ownsHandle: true);
        if (handle.IsInvalid) throw Error($"Cannot open the directory '{directory}'", Marshal.GetLastPInvokeError());
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>The temporary file's final name; null if it is no temporary file of <see cref="Write"/>.</summary>
    public static string? FinalNameOf(string temporary)
    {
        const int tail = 33;
        if (!temporary.EndsWith(TemporarySuffix, StringComparison.Ordinal)) return null;
        var name = temporary[..^TemporarySuffix.Length];
        return name.Length > tail && name[^tail] == '.' ? name[..^tail] : null;
    }

    // A half-written file that can't be deleted now is found by DeleteOrphansAsync later.
    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    // As .NET itself maps the numbers of C errors.
    private static Exception Error(string what, int number)
    {
        const int notPermitted = 1, accessDenied = 13;
        var message = $"{what}: {Marshal.GetPInvokeErrorMessage(number)}";
        return number is notPermitted or accessDenied ? new UnauthorizedAccessException(message) : new IOException(message, number);
    }

    // open(2) with O_RDONLY, which is 0 on every Unix.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenForReading(string path, int flags);
}
