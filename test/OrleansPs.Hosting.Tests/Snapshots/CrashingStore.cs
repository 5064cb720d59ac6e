using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>The death of the process at one call of the storage: before the call did anything, or after it did all.</summary>
internal sealed class CrashException : Exception;

/// <summary>A storage whose process dies at its so many-th change.</summary>
internal sealed class CrashingStore(ISnapshotStore inner, int crashAt, bool after, Exception? crash = null) : ISnapshotStore
{
    private int _changes;

    /// <summary>The newest cut whose manifest was reported as written.</summary>
    public long Promised { get; private set; }

    /// <summary>The newest cut whose manifest was begun.</summary>
    public long Begun { get; private set; }

    public ValueTask ProbeAsync(CancellationToken cancellationToken) => inner.ProbeAsync(cancellationToken);

    public ValueTask WriteChunkAsync(string model, string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.WriteChunkAsync(model, name, content, cancellationToken));

    public ValueTask<byte[]> ReadChunkAsync(string model, ChunkRecord chunk, CancellationToken cancellationToken) =>
        inner.ReadChunkAsync(model, chunk, cancellationToken);

    public async ValueTask WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        await ChangeAsync(() =>
        {
            Begun = manifest.Cut;
            return inner.WriteManifestAsync(manifest, cancellationToken);
        });
        Promised = manifest.Cut;
    }

    public ValueTask<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken) =>
        inner.ReadManifestAsync(model, cut, cancellationToken);

    public ValueTask<IReadOnlyList<SnapshotListing>> ListAsync(string model, CancellationToken cancellationToken) =>
        inner.ListAsync(model, cancellationToken);

    public ValueTask DeleteAsync(string model, long cut, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.DeleteAsync(model, cut, cancellationToken));

    public ValueTask DeleteOrphansAsync(string model, long? openCut, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.DeleteOrphansAsync(model, openCut, cancellationToken));

    public ValueTask<ModelPointer> ReadPointerAsync(string model, CancellationToken cancellationToken) =>
        inner.ReadPointerAsync(model, cancellationToken);

    public async ValueTask<bool> TryWritePointerAsync(
        string model, ModelPointer expected, ModelPointer next, CancellationToken cancellationToken)
    {
        var written = false;
        await ChangeAsync(async () => written = await inner.TryWritePointerAsync(model, expected, next, cancellationToken));
        return written;
    }

    private async ValueTask ChangeAsync(Func<ValueTask> change)
    {
        var isLast = ++_changes == crashAt;
        if (isLast && !after) throw crash ?? new CrashException();
        await change();
        if (isLast) throw crash ?? new CrashException();
    }
}
