using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Snapshots;
using OrleansPs.Embedded.Snapshots;

namespace OrleansPs.Embedded;

/// <summary>Writes the cuts of one generation of a model to the storage: chunks, manifest, and what has to go afterwards.</summary>
internal sealed partial class CutWriter(
    ModelSpec spec, ModelRuntime runtime, ISnapshotStore store, Func<long?> openCut, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<long, SnapshotManifest> _written = [];

    /// <summary>The manifest of a cut that was completed, once; null if it was not written.</summary>
    public SnapshotManifest? TakeManifest(long cut) => _written.TryRemove(cut, out var manifest) ? manifest : null;

    /// <summary>Takes the cut from one block after the other, so that at most one block's bytes are in memory, and writes it.</summary>
    public async Task WriteChunksAsync(long cut, CancellationToken cancellationToken)
    {
        try
        {
            // The number is used up before anything bears it: it does not come again, whatever becomes of this cut.
            await NextPointer.PassAsync(store, spec.Name, cut, cancellationToken).ConfigureAwait(false);
            for (var b = 0; b < runtime.Blocks.Count; b++)
            {
                var (reply, image) = runtime.Blocks[b].TakeCut(runtime.Header(), cut);
                if (image is null)
                {
                    Fail(cut, $"block {b} answered {reply.Status} when the cut was to be taken");
                    return;
                }
                var chunk = await WriteAsync(cut, image, cancellationToken).ConfigureAwait(false);
                runtime.Coordinator.Do((c, _) => c.ChunkWritten(cut, chunk, image.Dedupe));
            }
        }
#pragma warning disable CA1031 // Whatever it is, the coordinator must hear of it: a cut without an end would hold up all later ones.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(cut, e.Message);
        }
    }

    public async Task WriteManifestAsync(WriteManifest effect, CancellationToken cancellationToken)
    {
        try
        {
            var manifest = ToManifest(effect);
            await store.WriteManifestAsync(manifest, cancellationToken).ConfigureAwait(false);
            _written[manifest.Cut] = manifest;
            runtime.Coordinator.Do((c, now) => c.ManifestWritten(effect.Cut, now));
        }
#pragma warning disable CA1031 // Whatever it is, the coordinator must hear of it: a cut without an end would hold up all later ones.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(effect.Cut, e.Message);
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

    private async ValueTask<ChunkRecord> WriteAsync(long cut, BlockImage image, CancellationToken cancellationToken)
    {
        try
        {
            var identity = new ChunkIdentity(spec.Name, runtime.Generation, cut, image.Block, 0);
            return await store.WriteBlockAsync(identity, image, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            image.ReturnArrays();
        }
    }

    private SnapshotManifest ToManifest(WriteManifest effect) => new()
    {
        Model = spec.Name,
        Cut = effect.Cut,
        Generation = runtime.Generation,
        Round = effect.Round,
        TakenAt = time.GetUtcNow(),
        Spec = spec,
        Ranks = effect.Ranks,
        Chunks = effect.Chunks,
        Open = effect.Open,
    };

    private void Fail(long cut, string reason)
    {
        LogCutFailed(logger, cut, spec.Name, reason);
        runtime.Coordinator.Do((c, now) => c.CutFailed(cut, reason, now));
    }

    [LoggerMessage(1, LogLevel.Warning, "Cut {Cut} of model {Model} failed: {Reason}. Training goes on; what the cadence asked for is tried again.")]
    private static partial void LogCutFailed(ILogger logger, long cut, string model, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Old snapshots of model {Model} could not be deleted: {Reason}")]
    private static partial void LogCleanUpFailed(ILogger logger, string model, string reason);
}
