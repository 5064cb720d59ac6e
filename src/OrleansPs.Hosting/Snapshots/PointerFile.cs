using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansPs.Hosting;

/// <summary>A model's numbers in a file, swapped under a lock that the system releases when its holder dies.</summary>
internal static class PointerFile
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The numbers; without a file those above every snapshot that is there, so that a copied or repaired directory
    /// never uses one twice.
    /// </summary>
    public static ModelPointer Read(SnapshotPaths paths)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(paths.Pointer);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return SnapshotInventory.Of(paths).PointerAbove();
        }
        return Parse(bytes) ?? throw new SnapshotCorruptException(paths.Pointer,
            "it is not what was written. Delete it, and numbers go on above those of the snapshots beside it.");
    }

    public static async ValueTask<bool> TrySwapAsync(
        SnapshotPaths paths, ModelPointer expected, ModelPointer next, CancellationToken cancellationToken)
    {
        if (next.IsBelow(expected))
            throw new ArgumentException($"{next} is below {expected}; these numbers only rise.", nameof(next));
        using var held = await LockAsync(paths.PointerLock, cancellationToken).ConfigureAwait(false);
        if (Read(paths) != expected) return false;
        DeleteHalfWritten(paths);
        DurableFile.Write(paths.Pointer, Format(next));
        DurableFile.FlushDirectory(paths.Directory);
        return true;
    }

    // Who holds the lock writes the pointer, so what is half written is of a process that died.
    private static void DeleteHalfWritten(SnapshotPaths paths)
    {
        foreach (var path in Directory.EnumerateFiles(paths.Directory, $"*{DurableFile.TemporarySuffix}"))
            if (DurableFile.FinalNameOf(path) == paths.Pointer) File.Delete(path);
    }

    private static async ValueTask<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return FileLock.Open(path);
            }
            catch (IOException e) when (FileLock.IsHeld(e) && Stopwatch.GetElapsedTime(start) < LockPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One exact text for each pointer, so that any other byte is damage; the hash guards the digits.
    private static byte[] Format(ModelPointer pointer)
    {
        var numbers = string.Create(CultureInfo.InvariantCulture,
            $"{{\"generation\": {pointer.Generation}, \"term\": {pointer.Term}, \"nextCut\": {pointer.NextCut}");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(numbers)));
        return Encoding.ASCII.GetBytes($"{numbers}, \"sha256\": \"{hash}\"}}\n");
    }

    private static ModelPointer? Parse(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var pointer = new ModelPointer(
                root.GetProperty("generation").GetInt64(), root.GetProperty("term").GetInt64(),
                root.GetProperty("nextCut").GetInt64());
            return Format(pointer).AsSpan().SequenceEqual(bytes) ? pointer : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
