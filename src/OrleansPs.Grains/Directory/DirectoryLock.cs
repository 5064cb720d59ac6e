using System.Diagnostics;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// Locks by a file that the system releases when its holder dies, however it dies. Such a file is never deleted: somebody might
/// hold the deleted one, and somebody else the one made anew.
/// </summary>
internal static class DirectoryLock
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Takes a lock, waiting for a bounded time.</summary>
    /// <param name="path">The lock's file.</param>
    /// <param name="patience">How long to wait; null for 10 s.</param>
    /// <exception cref="SnapshotStorageException">Somebody else held it all the time.</exception>
    public static async Task<FileStream> TakeAsync(string path, TimeSpan? patience = null)
    {
        var limit = patience ?? s_patience;
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return FileLock.Open(path);
            }
            catch (IOException e) when (FileLock.IsHeld(e))
            {
                if (Stopwatch.GetElapsedTime(start) > limit)
                    throw new SnapshotStorageException(path, $"Another silo held this lock for {limit.TotalSeconds:0.###} s.", transient: true, e);
                // Uneven pauses, so that nobody is always the one who comes too late.
                await Task.Delay(Random.Shared.Next(1, 4)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes a lock if nobody holds it.</summary>
    public static FileStream? TryTake(string path)
    {
        try
        {
            return FileLock.Open(path);
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            return null;
        }
    }
}
