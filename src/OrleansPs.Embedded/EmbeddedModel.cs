using Microsoft.Extensions.Logging;
using OrleansPs.Client;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;
using OrleansPs.Embedded.Snapshots;

namespace OrleansPs.Embedded;

/// <summary>
/// One model in this process, over all its generations: carries out what the coordinator asks of blocks and storage, takes and
/// restores snapshots.
/// </summary>
internal sealed partial class EmbeddedModel : ISnapshotReader, IAsyncDisposable
{
    private readonly ISnapshotStore? _store;
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly SnapshotWaiters _waiters;
    private readonly BackgroundWork _background;
    private ModelRuntime? _runtime;
    private SnapshotManifest? _last;
    private ITimer? _ticker;

    private EmbeddedModel(ModelSpec spec, ISnapshotStore? store, ServerMetrics metrics, TimeProvider time, ILogger logger)
    {
        Spec = spec;
        Layout = BlockLayout.Create(spec);
        _store = store;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _waiters = new(spec.Name);
        _background = new(logger);
        Transport = new EmbeddedTransport(this);
    }

    public ModelSpec Spec { get; }

    public BlockLayout Layout { get; }

    public IParameterTransport Transport { get; }

    /// <summary>The present generation.</summary>
    public ModelRuntime Runtime => Volatile.Read(ref _runtime) ?? throw new UnknownModelException(Spec.Name);

    public static async Task<EmbeddedModel> CreateAsync(
        ModelSpec spec, ISnapshotStore? store, ServerMetrics metrics, TimeProvider time, ILogger logger,
        CancellationToken cancellationToken)
    {
        var model = new EmbeddedModel(spec, store, metrics, time, logger);
        var pointer = store is null ? ModelPointer.First
            : await NextPointer.RaiseAsync(store, spec.Name, cancellationToken).ConfigureAwait(false);
        var state = ControlState.Create(spec, pointer.Generation, pointer.NextCut - 1);
        model.Begin(ModelRuntime.Start(spec, model.Layout, state, pointer.Term, null, time));
        model.StartTicking();
        return model;
    }

    public ModelStatus GetStatus() => TryGetStatus() ?? throw new UnknownModelException(Spec.Name);

    /// <summary>Null when the model is closed.</summary>
    public ModelStatus? TryGetStatus() => Volatile.Read(ref _runtime)?.Coordinator.Read(
        c => ModelStatusView.Of(c, Spec, Layout.Blocks.Count, _last));

    public void Evict(int rank) => Runtime.Coordinator.Do((c, now) => c.Evict(rank, now));

    public async Task<SnapshotInfo> TakeSnapshotAsync(CancellationToken cancellationToken)
    {
        RequireStore();
        Task<SnapshotInfo>? done = null;
        Runtime.Coordinator.Do((c, now) => done = _waiters.Wait(c.RequestSnapshot(now)));
        return await done!.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<SnapshotInfo> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken)
    {
        var store = RequireStore();
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var loaded = await LoadWholeAsync(options.Cut, cancellationToken).ConfigureAwait(false);
            CheckWorkers(options.Workers, loaded.Manifest);
            var pointer = await NextPointer.RaiseAsync(store, Spec.Name, cancellationToken).ConfigureAwait(false);
            Replace(loaded, pointer, options.Workers);
            _metrics.Restored(Spec.Name);
            return loaded.Manifest.ToInfo();
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken)
    {
        var loaded = await LoadWholeAsync(cut, cancellationToken).ConfigureAwait(false);
        return new(loaded.Manifest.ToInfo(), loaded.Blocks);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _changing.WaitAsync().ConfigureAwait(false);
        var runtime = Interlocked.Exchange(ref _runtime, null);
        if (_ticker is not null) await _ticker.DisposeAsync().ConfigureAwait(false);
        runtime?.Coordinator.Do((c, _) => c.Stop(CoordinatorStatus.NotCoordinator));
        await _background.EndAsync().ConfigureAwait(false);
        _waiters.FailAll("the model was closed");
        runtime?.Close();
        _changing.Release();
    }

    /// <summary>Reads a snapshot and holds it against the spec; nothing changes.</summary>
    private async Task<LoadedSnapshot> LoadWholeAsync(long? cut, CancellationToken cancellationToken)
    {
        var loaded = await RequireStore().LoadAsync(Spec.Name, cut, cancellationToken).ConfigureAwait(false);
        foreach (var damaged in loaded.Skipped) LogSkipped(_logger, damaged.Cut, Spec.Name, damaged.Problem ?? "");
        var difference = ModelSpecComparison.FirstDifference(loaded.Manifest.Spec, Spec, ignoreWorkers: true);
        if (difference is not null) throw new SpecMismatchException(Spec.Name, difference);
        return ImageFit.FirstMisfit(Spec, Layout, loaded.Blocks) is { } misfit
            ? throw new SnapshotCorruptException($"of cut {loaded.Manifest.Cut} of model '{Spec.Name}'", misfit)
            : loaded;
    }

    private void CheckWorkers(int? workers, SnapshotManifest manifest)
    {
        if (workers is < 1 || workers > Spec.RankLimit)
            throw new InvalidOptionsException("Workers", workers, $"it must be 1 to {Spec.RankLimit}.");
        var ranks = manifest.Ranks.Select(r => r.Rank + 1).DefaultIfEmpty(0).Max();
        if (workers is null && ranks > Spec.RankLimit)
            throw new InvalidOptionsException("Workers", null,
                $"cut {manifest.Cut} has {ranks} ranks and the model allows {Spec.RankLimit}: say how many workers go on.");
    }

    private ISnapshotStore RequireStore() => _store ?? throw new SnapshotStorageException(
        $"Model '{Spec.Name}'", "the server was started without a snapshot directory; set EmbeddedServerOptions.SnapshotDirectory.",
        transient: false);

    private void Replace(LoadedSnapshot loaded, ModelPointer pointer, int? workers)
    {
        var state = ControlState.Restore(Spec, loaded.Manifest, pointer.Generation, pointer.NextCut - 1, workers);
        var next = ModelRuntime.Start(Spec, Layout, state, pointer.Term, loaded.Blocks, _time);
        var previous = Runtime;
        _last = loaded.Manifest;
        Begin(next);
        previous.Coordinator.Do((c, _) => c.Stop(CoordinatorStatus.OtherGeneration));
        _waiters.FailAll("the model was put back to a snapshot");
        previous.Close();
    }

    private void Begin(ModelRuntime runtime)
    {
        var writer = _store is null ? null : new CutWriter(Spec, runtime, _store, OpenCut, _time, _logger);
        runtime.Coordinator.OnEffect = effect => CarryOut(runtime, writer, effect);
        Volatile.Write(ref _runtime, runtime);
    }

    private long? OpenCut() => Volatile.Read(ref _runtime)?.Coordinator.Read(c => c.State.OpenCut?.Cut);

    private void StartTicking()
    {
        var period = TimeSpan.FromMilliseconds(Math.Clamp(Spec.Lease.TotalMilliseconds / 8, 10, 250));
        _ticker = _time.CreateTimer(_ => Volatile.Read(ref _runtime)?.Coordinator.Do((c, now) => c.Tick(now)), null, period, period);
    }

    // Without a storage no cut is ever opened, so there is a writer where one is needed.
    private void CarryOut(ModelRuntime runtime, CutWriter? writer, CoordinatorEffect effect)
    {
        switch (effect)
        {
            case CertifyBlocks e:
                var below = runtime.Certify(e.Certificates);
                runtime.Coordinator.Do((c, now) => c.BlocksCertified(below, now));
                break;
            case FreezeBlocks e:
                Freeze(runtime, e);
                break;
            case WriteChunks e:
                _background.Start(() => writer!.WriteChunksAsync(e.Cut, _stop.Token));
                break;
            case WriteManifest e:
                _background.Start(() => writer!.WriteManifestAsync(e, _stop.Token));
                break;
            case EndCut e:
                runtime.DropCut(e.Cut);
                _background.Start(() => EndAsync(writer!, e));
                break;
        }
    }

    private static void Freeze(ModelRuntime runtime, FreezeBlocks effect)
    {
        string? problem;
        try
        {
            problem = runtime.Freeze(effect);
        }
#pragma warning disable CA1031 // No round closes until this is answered, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.Message;
        }
        runtime.Coordinator.Do((c, now) =>
        {
            if (problem is null) c.BlocksFrozen(effect.Cut, now);
            else c.CutFailed(effect.Cut, problem, now);
        });
    }

    private async Task EndAsync(CutWriter writer, EndCut effect)
    {
        var manifest = writer.TakeManifest(effect.Cut);
        if (effect.Completed) Complete(manifest!);
        else
        {
            _metrics.Failed(Spec.Name);
            _waiters.Fail(effect.Cut, effect.Reason!);
        }
        await writer.CleanUpAsync(_stop.Token).ConfigureAwait(false);
    }

    private void Complete(SnapshotManifest manifest)
    {
        _last = manifest;
        _metrics.Completed(manifest.ToInfo());
        _waiters.Complete(manifest.Cut, manifest.ToInfo());
    }

    [LoggerMessage(3, LogLevel.Warning, "Cut {Cut} of model {Model} is passed over: {Problem}")]
    private static partial void LogSkipped(ILogger logger, long cut, string model, string problem);
}
