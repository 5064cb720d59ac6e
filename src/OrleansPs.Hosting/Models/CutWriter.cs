using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting;

/// <summary>Writes the cuts of one generation of a model to the storage: chunks, manifest, and what has to go afterwards.</summary>
internal sealed partial class CutWriter(
    ModelSpec spec, ModelRuntime runtime, ISnapshotStore store, Func<long?> openCut, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<long, SnapshotManifest> _written = [];
    private readonly Lock _lock = new();
    private readonly DeltaBases _bases = new();

    /// <summary>The manifest of a cut that was completed, once; null if it was not written.</summary>
    public SnapshotManifest? TakeManifest(long cut) => _written.TryRemove(cut, out var manifest) ? manifest : null;

    /// <summary>Takes the cut from the blocks, a few at a time, and lets each write its chunk.</summary>
    public async Task WriteChunksAsync(long cut, CancellationToken cancellationToken)
    {
        try
        {
            // The number is used up before anything bears it: it does not come again, whatever becomes of this cut.
            await NextPointer.PassAsync(store, spec.Name, cut, cancellationToken).ConfigureAwait(false);
            var bound = new ParallelOptions { MaxDegreeOfParallelism = runtime.Blocks.WritesAtOnce, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, runtime.Blocks.Count, bound, (block, token) => WriteChunkAsync(cut, block, token)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, the coordinator must hear of it: a cut without an end would hold up all later ones.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(cut, e, cancellationToken);
        }
    }

    public async Task WriteManifestAsync(WriteManifest effect, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = ToManifest(effect);
            await store.WriteManifestAsync(manifest, cancellationToken).ConfigureAwait(false);
            _written[manifest.Cut] = manifest;
            lock (_lock) _bases.Add(manifest);
            runtime.Coordinator.Do((c, now) => c.ManifestWritten(effect.Cut, now));
        }
#pragma warning disable CA1031 // Whatever it is, the coordinator must hear of it: a cut without an end would hold up all later ones.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(effect.Cut, e, cancellationToken);
        }
    }

    /// <summary>Deletes the snapshots that are no longer kept, and what an aborted cut left behind.</summary>
    public async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.RetainAsync(spec.Name, spec.Durability.Keep, cancellationToken).ConfigureAwait(false);
            // The open cut of the model's present generation, which need not be this one.
            await store.DeleteOrphansAsync(spec.Name, openCut(), cancellationToken).ConfigureAwait(false);
        }
        catch (ParameterServerException e)
        {
            LogCleanUpFailed(logger, spec.Name, e.Message);
        }
    }

    private async ValueTask WriteChunkAsync(long cut, int block, CancellationToken cancellationToken)
    {
        ChunkRecord? since;
        lock (_lock) since = _bases.Of(block);
        var part = await runtime.Blocks.WriteCutAsync(block, runtime.Header(), cut, since, cancellationToken).ConfigureAwait(false);
        if (part.Chunk is not { } chunk)
            throw new SnapshotAbortedException(spec.Name, cut, $"block {block} answered {part.Status} when the cut was to be taken");
        runtime.Coordinator.Do((c, _) => c.ChunkWritten(cut, chunk, part.Dedupe));
    }

    private SnapshotManifest ToManifest(WriteManifest effect) => new()
    {
        Model = spec.Name,
        Cut = effect.Cut,
        Generation = runtime.Generation,
        Round = effect.Round,
        TakenAt = time.GetUtcNow(),
        Spec = spec,
        Policy = effect.Policy.Number == 0 ? null : effect.Policy,
        Ranks = effect.Ranks,
        Chunks = effect.Chunks,
        Open = effect.Open,
    };

    // A cut that is open when the model's host ends is given up with it; nothing failed.
    private void Fail(long cut, Exception error, CancellationToken stop)
    {
        var reason = stop.IsCancellationRequested ? "the model's host ends" : error.Message;
        if (!stop.IsCancellationRequested) LogCutFailed(logger, cut, spec.Name, reason);
        runtime.Coordinator.Do((c, now) => c.CutFailed(cut, reason, now));
    }

    [LoggerMessage(1, LogLevel.Warning, "Cut {Cut} of model {Model} failed: {Reason}. Training goes on; what the cadence asked for is tried again.")]
    private static partial void LogCutFailed(ILogger logger, long cut, string model, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Old snapshots of model {Model} could not be deleted: {Reason}")]
    private static partial void LogCleanUpFailed(ILogger logger, string model, string reason);
}
