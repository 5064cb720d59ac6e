using System.Diagnostics;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>Locks by a file that the system releases when its holder dies, however it dies; waits for it for a bounded time.</summary>
internal static class DirectoryLock
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);

    public static async Task<FileStream> TakeAsync(string path)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return FileLock.Open(path);
            }
            catch (IOException e) when (FileLock.IsHeld(e))
            {
                if (Stopwatch.GetElapsedTime(start) > s_patience)
                    throw new SnapshotStorageException(path, $"another process held this lock for {s_patience.TotalSeconds} s.", transient: true, e);
                await Task.Delay(s_pause).ConfigureAwait(false);
            }
        }
    }
}
