using System.Globalization;

namespace OrleansPs.Hosting;

/// <summary>
/// Says that one process serves a directory of snapshots. A second one is refused; the system releases the lock when the
/// process dies, however it dies.
/// </summary>
public sealed class SnapshotDirectoryLock : IDisposable
{
    private readonly FileStream _held;

    private SnapshotDirectoryLock(FileStream held) => _held = held;

    /// <summary>Takes the lock of a directory, creating the directory where it does not exist.</summary>
    /// <param name="directory">The directory of the snapshots.</param>
    /// <exception cref="SnapshotStorageException">Another process has it, or the directory can't be written.</exception>
    public static SnapshotDirectoryLock Acquire(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        var root = Path.GetFullPath(directory);
        var owner = Path.Combine(root, ".owner");
        try
        {
            DurableFile.CreateDirectory(root);
            return new(Signed(FileLock.Open(Path.Combine(root, ".lock")), owner));
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            throw new SnapshotStorageException(root,
                $"Process {NameOf(owner)} serves this directory already: stop it, or name another directory.",
                transient: true, e);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(root, e);
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _held.Dispose();

    private static FileStream Signed(FileStream held, string owner)
    {
        try
        {
            File.WriteAllText(owner, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} on {Environment.MachineName}"));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static string NameOf(string owner)
    {
        try
        {
            return File.ReadAllText(owner);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            return "(unknown)";
        }
    }
}
