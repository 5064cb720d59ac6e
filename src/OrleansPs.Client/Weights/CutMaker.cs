using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>
/// Makes cuts that no coordinator took: of weights, or of a cut of another spec. A model is put to them by an ordinary restore.
/// </summary>
/// <remarks>
/// Thread safe. One block of the new cut is in memory at a time, and the old ones that it is made of. The chunks bear generation 0,
/// which no model with snapshots ever has, so nobody else writes under their names.
/// </remarks>
/// <param name="store">Where the cuts are.</param>
/// <param name="time">Says when a cut was made.</param>
public sealed class CutMaker(ICutStore store, TimeProvider time)
{
    private const long Generation = 0;
    private const int Attempts = 4;
    private const int Ahead = 16;
    private const int Looks = 10;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes a cut of weights: a model that begins with them.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="weights">Where the values come from.</param>
    /// <param name="options">Whether everything must match.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    /// <returns>What was loaded, and the cut.</returns>
    /// <exception cref="WeightMismatchException">Something does not match; nothing was written.</exception>
    public async Task<LoadReport> OfWeightsAsync(
        ModelSpec spec, IWeightSource weights, LoadOptions options, CancellationToken cancellationToken)
    {
        var blocks = new WeightBlocks(spec, weights, options);
        var expected = Enumerable.Range(0, spec.Workers).Select(rank => new RankRecord(rank, 0, WorkerStatus.Expected, 0, 0, 0));
        var made = await WriteAsync(spec.Name, blocks.Shapes.Count, blocks.ReadAsync, (cut, chunks) => new()
        {
            Model = spec.Name,
            Cut = cut,
            Generation = Generation,
            Round = 0,
            TakenAt = time.GetUtcNow(),
            Spec = spec,
            Ranks = [.. expected],
            Chunks = chunks,
            Open = [],
        }, cancellationToken).ConfigureAwait(false);
        return blocks.Report with { Snapshot = made };
    }

    /// <summary>Makes a cut of what matches in a cut of another spec.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="options">Which cut; the newest one that is whole if it names none.</param>
    /// <param name="cancellationToken">Gives up; chunks without a manifest may be left.</param>
    /// <returns>What was taken over, from which cut, and the new cut; that is the old one if it is of this very spec.</returns>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged, or all are.</exception>
    /// <exception cref="InvalidOptionsException">The number of workers is out of its range, or has to be said.</exception>
    public async Task<LoadReport> OfCutAsync(ModelSpec spec, RestoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Cut is { } named) return await AdaptAsync(spec, named, options.Workers, cancellationToken).ConfigureAwait(false);
        SnapshotCorruptException? damaged = null;
        foreach (var snapshot in (await store.ListAsync(spec.Name, cancellationToken).ConfigureAwait(false)).Reverse())
        {
            try
            {
                return await AdaptAsync(spec, snapshot.Cut, options.Workers, cancellationToken).ConfigureAwait(false);
            }
            catch (SnapshotCorruptException e)
            {
                damaged ??= e;
            }
            catch (SnapshotNotFoundException)
            {
                // Deleted by retention since they were listed.
            }
        }
        throw damaged ?? (ParameterServerException)new SnapshotNotFoundException(spec.Name, null);
    }

    private async Task<LoadReport> AdaptAsync(ModelSpec spec, long cut, int? workers, CancellationToken cancellationToken)
    {
        var from = await store.ReadManifestAsync(spec.Name, cut, cancellationToken).ConfigureAwait(false);
        RestoreRule.CheckWorkers(spec, from, workers);
        var adapter = new CutAdapter(from, spec);
        if (RestoreRule.FirstDifference(spec, from) is null) return adapter.Report with { Snapshot = from.ToInfo() };
        var blocks = new AdaptedBlocks(store, from, adapter);
        var made = await WriteAsync(
            spec.Name, adapter.Blocks.Count, blocks.ReadAsync,
            (number, chunks) => adapter.ToManifest(Generation, number, time.GetUtcNow(), chunks), cancellationToken).ConfigureAwait(false);
        return adapter.Report with { Snapshot = made };
    }

    private async Task<SnapshotInfo> WriteAsync(
        string model, int blocks, Func<int, CancellationToken, Task<BlockImage>> readAsync,
        Func<long, IReadOnlyList<ChunkRecord>, SnapshotManifest> toManifest, CancellationToken cancellationToken)
    {
        var atLeast = 1L;
        for (var attempt = 1; ; attempt++)
        {
            var cut = await store.ReserveCutAsync(model, atLeast, cancellationToken).ConfigureAwait(false);
            try
            {
                var chunks = new ChunkRecord[blocks];
                for (var block = 0; block < blocks; block++)
                    chunks[block] = await WriteBlockAsync(new(model, Generation, cut, block, 0), readAsync, cancellationToken).ConfigureAwait(false);
                var manifest = toManifest(cut, chunks);
                await store.WriteManifestAsync(manifest, cancellationToken).ConfigureAwait(false);
                return manifest.ToInfo();
            }
            catch (SnapshotStorageException)
            {
                // The model came to this number itself, with a cut of its own: then once more, under one that it will not come to so soon.
                if (attempt == Attempts || !await IsTakenAsync(model, cut, cancellationToken).ConfigureAwait(false)) throw;
                atLeast = cut + (Ahead * attempt);
            }
            finally
            {
                await store.ReleaseCutAsync(model, cut).ConfigureAwait(false);
            }
        }
    }

    private async Task<ChunkRecord> WriteBlockAsync(
        ChunkIdentity identity, Func<int, CancellationToken, Task<BlockImage>> readAsync, CancellationToken cancellationToken)
    {
        var image = await readAsync(identity.Block, cancellationToken).ConfigureAwait(false);
        try
        {
            return await store.WriteBlockAsync(identity, image, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            image.ReturnArrays();
        }
    }

    // A manifest is there a moment before it is listed.
    private async Task<bool> IsTakenAsync(string model, long cut, CancellationToken cancellationToken)
    {
        for (var look = 1; ; look++)
        {
            var snapshots = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
            if (snapshots.Any(s => s.Cut == cut && s.Generation != Generation)) return true;
            if (look == Looks) return false;
            await Pause.ForAsync(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }
}
