using System.Security.Cryptography;
using System.Text;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Which file holds which state, <c>SERVICE/GRAIN TYPE/STATE/KEY</c>, and which lock guards it: one of a fixed number, so that locks
/// don't grow with states.
/// </summary>
internal sealed class StateDirectory(string root, string serviceId)
{
    private readonly string _locks = Path.Combine(root, ".locks");
    private readonly string _service = Path.Combine(root, DirectoryPath.NameOf(serviceId));
    private int _isSwept;

    public string Root => root;

    public string PathOf(string stateName, GrainId grainId) => Path.Combine(
        _service, DirectoryPath.NameOf(grainId.Type.AsSpan()), DirectoryPath.NameOf(stateName), DirectoryPath.NameOf(grainId.Key.AsSpan()));

    /// <summary>Takes the lock for a change of a state, and makes the directory for it.</summary>
    public async Task<FileStream> LockAsync(string path)
    {
        DurableFile.CreateDirectory(_locks);
        if (Interlocked.Exchange(ref _isSwept, 1) == 0) SweepTemporaryFiles();
        var held = await DirectoryLock.TakeAsync(LockOf(path)).ConfigureAwait(false);
        try
        {
            DurableFile.CreateDirectory(Path.GetDirectoryName(path)!);
            return held;
        }
        catch
        {
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // What silos left that were killed while they wrote: a temporary file whose lock is free belongs to nobody.
    private void SweepTemporaryFiles()
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(_service, $"*{DurableFile.TemporarySuffix}", SearchOption.AllDirectories))
            {
                if (DurableFile.FinalNameOf(Path.GetFileName(file)) is not { } name) continue;
                using var held = DirectoryLock.TryTake(LockOf(Path.Combine(Path.GetDirectoryName(file)!, name)));
                if (held is not null) File.Delete(file);
            }
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            // They only take space; the next silo tries again.
        }
    }

    // By the path below the root, which other silos may know by another name.
    private string LockOf(string path) => Path.Combine(
        _locks, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetRelativePath(root, path).Replace('\\', '/'))).AsSpan(0, 1)));
}
