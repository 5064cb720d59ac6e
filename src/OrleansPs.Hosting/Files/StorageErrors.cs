namespace OrleansPs.Hosting;

/// <summary>Turns what the file system throws into errors that say what to do.</summary>
internal static class StorageErrors
{
    // Raw errno values where .NET has no exception type of its own; Windows codes are HRESULTs.
    private const int NoSpace = 28;
    private const int ReadOnlySystem = 30;
    private const int QuotaOnLinux = 122;
    private const int QuotaOnMac = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsWriteProtected = unchecked((int)0x80070013);

    /// <summary>Whether an exception is one of the file system's.</summary>
    public static bool IsStorage(Exception exception) => exception is IOException or UnauthorizedAccessException;

    /// <summary>The typed error for one of the file system's.</summary>
    /// <param name="directory">The directory of the snapshots.</param>
    /// <param name="exception">What was thrown.</param>
    public static SnapshotStorageException Of(string directory, Exception exception)
    {
        if (FileInTheWay(directory) is { } file)
            return Lasting($"'{file}' is a file, so it can't hold snapshots. Name a directory.");
        return exception switch
        {
            UnauthorizedAccessException => Lasting("No permission. Give this user the right to write there, or name another directory."),
            PathTooLongException => Lasting("The path is too long. Name a shorter one."),
            DirectoryNotFoundException => Missing(),
            // What .NET throws where a file system, such as /proc, has no directories of others.
            FileNotFoundException when !Directory.Exists(directory) => Missing(),
            _ => exception.HResult switch
            {
                NoSpace or QuotaOnLinux or QuotaOnMac or WindowsDiskFull or WindowsHandleDiskFull =>
                    Passing("No space is left. Free some, or keep fewer snapshots."),
                ReadOnlySystem or WindowsWriteProtected => Lasting("The file system is read-only. Name another directory."),
                _ => Passing(exception.Message),
            },
        };

        SnapshotStorageException Missing() => Lasting("The directory does not exist and can't be created there. Name another one.");
        SnapshotStorageException Lasting(string problem) => new(directory, problem, transient: false, exception);
        SnapshotStorageException Passing(string problem) => new(directory, problem, transient: true, exception);
    }

    private static string? FileInTheWay(string? path)
    {
        for (; !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
        {
            if (File.Exists(path)) return path;
            if (Directory.Exists(path)) return null;
        }
        return null;
    }
}
