using System.Collections.Concurrent;
using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>
/// Snapshots in a directory: for each model a directory with <c>manifest-17.json</c> for cut 17, <c>chunks/</c> with one
/// file a block and cut, and <c>pointer.json</c> with the numbers that only rise.
/// </summary>
/// <remarks>
/// Thread safe. Every file is written to a temporary name, forced to the disk and renamed, so a process or a machine may
/// die at any moment. Several stores may use one directory; who serves it holds a <see cref="SnapshotDirectoryLock"/>.
/// </remarks>
public sealed class DirectorySnapshotStore : ISnapshotStore
{
    private readonly string _root;
    private readonly ConcurrentDictionary<(string Model, long Cut), bool> _reserved = [];

    /// <summary>A store in a directory; nothing is touched before <see cref="ProbeAsync"/>.</summary>
    /// <param name="directory">The directory; it is created where it does not exist.</param>
    public DirectorySnapshotStore(string directory)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        _root = Path.GetFullPath(directory);
    }

    /// <summary>The directory's full path.</summary>
    public string DirectoryPath => _root;

    /// <inheritdoc/>
    public ValueTask ProbeAsync(CancellationToken cancellationToken) => RunAsync(() =>
    {
        DurableFile.CreateDirectory(_root);
        var probe = Path.Combine(_root, $".probe-{Guid.NewGuid():N}");
        DurableFile.Write(probe, new byte[4096]);
        File.Delete(probe);
        DurableFile.FlushDirectory(_root);
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WriteChunkAsync(
        string model, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        var path = paths.Chunk(name);
        return RunAsync(() =>
        {
            DurableFile.CreateDirectory(paths.Chunks);
            DurableFile.Write(path, content.Span);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> ReadChunkAsync(string model, ChunkRecord chunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var path = new SnapshotPaths(_root, model).Chunk(chunk.Name);
        return RunAsync(() =>
        {
            if (ChunkProblem(path, chunk) is { } problem) throw new SnapshotCorruptException(path, problem);
            var bytes = File.ReadAllBytes(path);
            return Convert.ToHexStringLower(SHA256.HashData(bytes)) == chunk.Sha256
                ? bytes
                : throw new SnapshotCorruptException(path, "its checksum is not the one in the manifest.");
        }, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A manifest is never overwritten; writing the same one again is harmless.</remarks>
    public ValueTask WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var paths = new SnapshotPaths(_root, manifest.Model);
        var bytes = ManifestCodec.Encode(manifest);
        return RunAsync(() =>
        {
            DurableFile.CreateDirectory(paths.Chunks);
            if (MissingChunk(paths, manifest) is { } missing) throw missing;
            // The renames of all chunks last from here on, so the manifest can promise them.
            DurableFile.FlushDirectory(paths.Chunks);
            var path = paths.Manifest(manifest.Cut);
            if (File.Exists(path) && !File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes))
                throw new SnapshotStorageException(path, "Another manifest has this cut's number.", transient: false);
            DurableFile.Write(path, bytes);
            DurableFile.FlushDirectory(paths.Directory);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        return RunAsync(() => ReadManifest(paths, model, cut), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SnapshotListing>> ListAsync(string model, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        return RunAsync<IReadOnlyList<SnapshotListing>>(
            () => [.. SnapshotInventory.Of(paths).Cuts.Select(cut => Describe(paths, model, cut)).OfType<SnapshotListing>()],
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string model, long cut, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        return RunAsync(() =>
        {
            if (!Directory.Exists(paths.Directory)) return;
            File.Delete(paths.Manifest(cut));
            // Without this a crash could bring the manifest back without its chunks.
            DurableFile.FlushDirectory(paths.Directory);
            DeleteChunks(paths, SnapshotInventory.Of(paths).Chunks.Where(c => c.Cut == cut));
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DeleteOrphansAsync(string model, long? openCut, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        return RunAsync(() =>
        {
            var inventory = SnapshotInventory.Of(paths);
            // In this order: what was written before the list above is reserved, or has its manifest by now, or is an orphan.
            var busy = _reserved.Keys.Where(r => r.Model == model).Select(r => r.Cut).Concat(openCut is { } open ? [open] : Array.Empty<long>()).ToHashSet();
            var kept = SnapshotInventory.Of(paths).Cuts.Concat(busy).ToHashSet();
            foreach (var (path, cut) in inventory.Temporary)
                if (cut is null || !busy.Contains(cut.Value)) File.Delete(path);
            DeleteChunks(paths, inventory.Chunks.Where(c => !kept.Contains(c.Cut)));
        }, cancellationToken);
    }

    /// <summary>Gives out a cut number for a snapshot that no coordinator takes; what is written under it is no orphan until it is released.</summary>
    internal async ValueTask<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken)
    {
        var cut = await NextPointer.TakeCutAsync(this, model, atLeast, cancellationToken).ConfigureAwait(false);
        _reserved[(model, cut)] = true;
        return cut;
    }

    internal void ReleaseCut(string model, long cut) => _reserved.TryRemove((model, cut), out _);

    /// <inheritdoc/>
    public ValueTask<ModelPointer> ReadPointerAsync(string model, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        return RunAsync(() => PointerFile.Read(paths), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryWritePointerAsync(
        string model, ModelPointer expected, ModelPointer next, CancellationToken cancellationToken)
    {
        var paths = new SnapshotPaths(_root, model);
        try
        {
            DurableFile.CreateDirectory(paths.Chunks);
            return await PointerFile.TrySwapAsync(paths, expected, next, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root, e);
        }
    }

    private static SnapshotManifest ReadManifest(SnapshotPaths paths, string model, long cut)
    {
        var path = paths.Manifest(cut);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SnapshotNotFoundException(model, cut);
        }
        var manifest = ManifestCodec.Decode(bytes, path);
        return manifest.Model == model && manifest.Cut == cut
            ? manifest
            : throw new SnapshotCorruptException(path, $"it is the manifest of cut {manifest.Cut} of model '{manifest.Model}'.");
    }

    private static SnapshotListing? Describe(SnapshotPaths paths, string model, long cut)
    {
        try
        {
            var manifest = ReadManifest(paths, model, cut);
            return MissingChunk(paths, manifest) is { } missing
                ? new(cut, null, missing.Message)
                : new(cut, manifest, null);
        }
        catch (SnapshotCorruptException e)
        {
            return new(cut, null, e.Message);
        }
        catch (SnapshotNotFoundException)
        {
            // Deleted by retention since the directory was read.
            return null;
        }
    }

    private static SnapshotCorruptException? MissingChunk(SnapshotPaths paths, SnapshotManifest manifest) =>
        manifest.Chunks
            .Concat(manifest.Chunks.Where(chunk => chunk.Base is not null).Select(chunk => chunk.Base!))
            .Select(chunk => (Path: paths.Chunk(chunk.Name), Chunk: chunk))
            .Select(c => ChunkProblem(c.Path, c.Chunk) is { } problem ? new SnapshotCorruptException(c.Path, problem) : null)
            .FirstOrDefault(e => e is not null);

    private static string? ChunkProblem(string path, ChunkRecord chunk)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length == chunk.Bytes ? null : $"it has {length} bytes; the manifest says {chunk.Bytes}.";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Nothing else means missing: FileInfo.Exists is false without permission too.
            return "it is missing.";
        }
    }

    private static void DeleteChunks(SnapshotPaths paths, IEnumerable<ChunkIdentity> doomed)
    {
        foreach (var chunk in doomed) File.Delete(paths.Chunk(chunk.Name));
    }

    private ValueTask RunAsync(Action work, CancellationToken cancellationToken) => new(RunAsync(() =>
    {
        work();
        return true;
    }, cancellationToken).AsTask());

    // File systems know no asynchrony of their own: a thread of the pool waits for the disk.
    private async ValueTask<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (StorageErrors.IsStorage(e))
        {
            throw StorageErrors.Of(_root, e);
        }
    }
}
