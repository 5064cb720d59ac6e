using OrleansPs.Client;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>How one generation of a model follows another.</summary>
internal sealed partial class ModelHost : ISnapshotReader
{
    /// <summary>Puts the model back to a cut.</summary>
    /// <param name="options">Which cut, and how many workers go on.</param>
    /// <param name="beforeBegin">Is told where the model's new life begins, and under which term, before it does; what it throws ends the restore.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<SnapshotInfo> RestoreAsync(
        RestoreOptions options, Func<ModelOrigin, long, Task>? beforeBegin, CancellationToken cancellationToken)
    {
        var store = RequireStore();
        var isRaised = false;
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _ = Runtime;
            var found = await FindAsync(store, options.Cut, 0, cancellationToken).ConfigureAwait(false);
            await using var prepared = found.Content;
            RestoreRule.CheckWorkers(Spec, found.Manifest, options.Workers);
            var pointer = await RaisePointerAsync(cancellationToken).ConfigureAwait(false);
            isRaised = true;
            var origin = new ModelOrigin(found.Manifest.Cut, pointer.NextCut, options.Workers);
            if (beforeBegin is not null) await beforeBegin(origin, pointer.Term).ConfigureAwait(false);
            Origin = origin;
            await BeginAsync(prepared, found.Manifest, pointer, options.Workers, cancellationToken).ConfigureAwait(false);
            _environment.Metrics.Restored(Spec.Name);
            return found.Manifest.ToInfo();
        }
        catch when (isRaised)
        {
            OnStranded();
            throw;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Begins the model anew with blocks that are ready, where no storage has a cut of them.</summary>
    public async Task BeginAnewAsync(IPreparedBlocks prepared, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _ = Runtime;
            var pointer = await RaisePointerAsync(cancellationToken).ConfigureAwait(false);
            Origin = new(0, pointer.NextCut, null);
            await BeginAsync(prepared, null, pointer, null, cancellationToken).ConfigureAwait(false);
            _environment.Metrics.Restored(Spec.Name);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>
    /// Begins a new generation because blocks of the present one are lost: from the newest cut of this life, or from where it
    /// began.
    /// </summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // One that has ended leaves its blocks to others, or has none.
            if (_stop.IsCancellationRequested) throw new UnknownModelException(Spec.Name);
            var (manifest, content) = await FindLastAsync(cancellationToken).ConfigureAwait(false);
            await using var prepared = content;
            var pointer = await RaisePointerAsync(cancellationToken).ConfigureAwait(false);
            var workers = manifest?.Cut == Origin.BaseCut ? Origin.Workers : null;
            await BeginAsync(prepared, manifest, pointer, workers, cancellationToken).ConfigureAwait(false);
            _environment.Metrics.Restored(Spec.Name);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken)
    {
        var store = RequireStore();
        var found = await store.LoadAsync(Spec.Name, cut, cancellationToken).ConfigureAwait(false);
        LogSkipped(found.Skipped);
        RequireSameSpec(found.Manifest);
        return new(found.Manifest.ToInfo(), found.Blocks);
    }

    private async Task<(SnapshotManifest? Manifest, IPreparedBlocks Blocks)> FindLastAsync(CancellationToken cancellationToken)
    {
        if (_environment.Store is { } store)
        {
            try
            {
                var newest = await FindAsync(store, null, Origin.FirstCut, cancellationToken).ConfigureAwait(false);
                return (newest.Manifest, newest.Content);
            }
            catch (SnapshotNotFoundException)
            {
                // None of this life: back to where it began.
            }
            if (Origin.BaseCut > 0)
            {
                var origin = await FindAsync(store, Origin.BaseCut, 0, cancellationToken).ConfigureAwait(false);
                return (origin.Manifest, origin.Content);
            }
        }
        return (null, await _environment.Blocks.PrepareAsync(null, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads a snapshot into blocks and holds it against the spec; nothing of the present generation changes.</summary>
    private async Task<FoundSnapshot<IPreparedBlocks>> FindAsync(
        ISnapshotStore store, long? cut, long notBelow, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(Spec.Name, cut, notBelow, async (manifest, token) =>
        {
            RequireSameSpec(manifest);
            return await _environment.Blocks.PrepareAsync(manifest, token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        LogSkipped(found.Skipped);
        return found;
    }

    private async Task BeginAsync(
        IPreparedBlocks prepared, SnapshotManifest? from, ModelPointer pointer, int? workers, CancellationToken cancellationToken)
    {
        var state = from is null
            ? ControlState.Create(Spec, pointer.Generation, pointer.NextCut - 1)
            : ControlState.Restore(Spec, from, pointer.Generation, pointer.NextCut - 1, workers);
        var blocks = await prepared.BeginAsync(pointer.Generation, state.NewestCut, cancellationToken).ConfigureAwait(false);
        if (blocks.Replicas is { } replicas) state.BeginMap(replicas.Map);
        var journal = await BeginJournalAsync(blocks, state, pointer.Term).ConfigureAwait(false);
        if (from is not null) _last = from;
        await BeginAsync(new(Spec, blocks, state, pointer.Term, _environment.Time, journal)).ConfigureAwait(false);
    }

    // Blocks that nobody heard of go, if nobody is to hear of them.
    private async Task<IControlJournal?> BeginJournalAsync(IBlockSet blocks, ControlState state, long term)
    {
        if (_environment.BeginJournal is not { } begin) return null;
        try
        {
            return await begin(state, term).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ServerUnavailableException or SnapshotStorageException)
        {
            await blocks.CloseAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task BeginAsync(ModelRuntime runtime)
    {
        var writer = _environment.Store is not { } store ? null
            : new CutWriter(Spec, runtime, store, OpenCut, _environment.Time, _logger);
        runtime.Coordinator.OnEffect = effect => CarryOut(runtime, writer, effect);
        runtime.Coordinator.OnDeposed = () => _ = Task.Run(() => DeposedAsync(runtime));
        var previous = Interlocked.Exchange(ref _runtime, runtime);
        // What the new coordinator decided when it was made waits for its handler.
        runtime.Coordinator.Do((_, _) => { });
        OnBegun();
        if (previous is null) return;
        previous.Coordinator.Do((c, _) => c.Stop(CoordinatorStatus.OtherGeneration));
        _waiters.FailAll("the model was put back to a snapshot");
        PolicyTaken(null);
        await previous.Blocks.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>A term that this host itself has replaced by a newer one is over in order.</summary>
    private async Task DeposedAsync(ModelRuntime runtime)
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        var isOver = Volatile.Read(ref _runtime) == runtime;
        _changing.Release();
        if (isOver) OnDeposed();
    }

    private long? OpenCut() => Volatile.Read(ref _runtime)?.Coordinator.Read(c => c.State.OpenCut?.Cut);

    /// <summary>
    /// Ends the generation and the term that this host has, or began with. A host that was away may have been replaced by another coordinator: what
    /// it knows of blocks and cuts is old then, and it must put nobody back to that.
    /// </summary>
    /// <exception cref="ServerUnavailableException">Another coordinator has the model; this one is over.</exception>
    private async Task<ModelPointer> RaisePointerAsync(CancellationToken cancellationToken)
    {
        if (_environment.Store is not { } store) return _pointer = new(_pointer.Generation + 1, _pointer.Term + 1, 1);
        if (_environment.OwnsStore) _pointer = await store.ReadPointerAsync(Spec.Name, cancellationToken).ConfigureAwait(false);
        if (await TryRaisePointerAsync(store, cancellationToken).ConfigureAwait(false) is { } raised) return _pointer = raised;
        OnDeposed();
        throw new ServerUnavailableException($"Another coordinator has model '{Spec.Name}'.");
    }

    // A write whose answer was lost may have been made. If so the numbers are not this host's any more, and whoever opens the model next goes on from there.
    private async Task<ModelPointer?> TryRaisePointerAsync(ISnapshotStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await NextPointer.RaiseAsync(store, Spec.Name, _pointer, cancellationToken).ConfigureAwait(false);
        }
        catch (SnapshotStorageException)
        {
            var present = await store.ReadPointerAsync(Spec.Name, cancellationToken).ConfigureAwait(false);
            if (present.IsOfSameTermAs(_pointer)) throw;
            return null;
        }
    }

    private void RequireSameSpec(SnapshotManifest manifest)
    {
        if (RestoreRule.FirstDifference(Spec, manifest) is { } difference) throw new SpecMismatchException(Spec.Name, difference);
    }

    private void LogSkipped(IReadOnlyList<SnapshotListing> skipped)
    {
        foreach (var damaged in skipped) LogSkipped(_logger, damaged.Cut, Spec.Name, damaged.Problem ?? "");
    }
}
