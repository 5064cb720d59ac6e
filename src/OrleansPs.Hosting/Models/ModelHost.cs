using Microsoft.Extensions.Logging;
using OrleansPs.Client;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>
/// One model over all its generations, wherever its blocks are: runs its coordinator and carries out what that asks of blocks
/// and storage.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class ModelHost : IAsyncDisposable
{
    private readonly ModelEnvironment _environment;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly SnapshotWaiters _waiters;
    private readonly BackgroundWork _background;
    private ModelRuntime? _runtime;
    private SnapshotManifest? _last;
    private ITimer? _ticker;
    private ModelPointer _pointer;

    private ModelHost(ModelSpec spec, ModelEnvironment environment, ModelPointer pointer)
    {
        _pointer = pointer;
        Spec = spec;
        _environment = environment;
        _logger = environment.Logger;
        _waiters = new(spec.Name);
        _background = new(_logger);
    }

    public ModelSpec Spec { get; }

    /// <summary>Is told, perhaps more than once, that a newer coordinator has the model: this one is over.</summary>
    public Action OnDeposed { get; set; } = () => { };

    /// <summary>Is told that a restore broke off when the present generation was over already: the model has to be put back again.</summary>
    public Action OnStranded { get; set; } = () => { };

    /// <summary>Is told that a generation has begun.</summary>
    public Action OnBegun { get; set; } = () => { };

    /// <summary>Where the model's present life began.</summary>
    public ModelOrigin Origin { get; private set; } = new(0, 0, null);

    /// <summary>The present generation.</summary>
    public ModelRuntime Runtime => TryRuntime ?? throw new UnknownModelException(Spec.Name);

    /// <summary>The present generation; null before the first one, and when the model is closed.</summary>
    public ModelRuntime? TryRuntime => Volatile.Read(ref _runtime);

    /// <summary>Begins a model with its first values.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="known">Its numbers in the storage, read before anything else of it.</param>
    /// <param name="environment">What it needs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ModelHost> CreateAsync(
        ModelSpec spec, ModelPointer known, ModelEnvironment environment, CancellationToken cancellationToken)
    {
        var model = new ModelHost(spec, environment, known);
        await using var prepared = await environment.Blocks.PrepareAsync(null, cancellationToken).ConfigureAwait(false);
        var pointer = await model.RaisePointerAsync(cancellationToken).ConfigureAwait(false);
        model.Origin = new(0, pointer.NextCut, null);
        await model.BeginAsync(prepared, null, pointer, null, cancellationToken).ConfigureAwait(false);
        model.StartTicking();
        return model;
    }

    /// <summary>Goes on with a model whose blocks are lost, from the newest cut of its life, or from where that began.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="origin">Where its life began.</param>
    /// <param name="known">Its numbers in the storage, read before it was decided that its blocks are lost.</param>
    /// <param name="environment">What it needs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ModelHost> RecoverAsync(
        ModelSpec spec, ModelOrigin origin, ModelPointer known, ModelEnvironment environment, CancellationToken cancellationToken)
    {
        var model = new ModelHost(spec, environment, known) { Origin = origin };
        await model.RecoverAsync(cancellationToken).ConfigureAwait(false);
        model.StartTicking();
        return model;
    }

    /// <summary>Goes on with a model whose blocks serve, under a new term, from the state that the last coordinator left.</summary>
    public static async Task<ModelHost> TakeOverAsync(
        ModelSpec spec, ModelOrigin origin, ControlState state, long term, IBlockSet blocks, SnapshotManifest? last,
        ModelEnvironment environment, IControlJournal? journal = null)
    {
        var model = new ModelHost(spec, environment, new(state.Generation, term, state.NewestCut + 1)) { Origin = origin, _last = last };
        await model.BeginAsync(new(spec, blocks, state, term, environment.Time, journal)).ConfigureAwait(false);
        model.StartTicking();
        return model;
    }

    public ModelStatus GetStatus() => TryGetStatus() ?? throw new UnknownModelException(Spec.Name);

    /// <summary>Null when the model is closed.</summary>
    public ModelStatus? TryGetStatus() => Volatile.Read(ref _runtime) is not { } runtime ? null : runtime.Coordinator.Read(
        (c, now) => ModelStatusView.Of(c, Spec, runtime.Blocks.Count, _last, now));

    public void Evict(int rank) => Runtime.Coordinator.Do((c, now) => c.Evict(rank, now));

    public async Task<SnapshotInfo> TakeSnapshotAsync(CancellationToken cancellationToken)
    {
        RequireStore();
        Task<SnapshotInfo>? done = null;
        Runtime.Coordinator.Do((c, now) => done = _waiters.Wait(c.RequestSnapshot(now)));
        return await done!.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _changing.WaitAsync().ConfigureAwait(false);
        if (await EndAsync("the model was closed").ConfigureAwait(false) is { } runtime)
            await runtime.Blocks.CloseAsync().ConfigureAwait(false);
        _changing.Release();
    }

    /// <summary>
    /// Ends this coordinator and leaves the blocks to the next one, which takes over with what this returns; null if the model is
    /// closed. An open cut is given up.
    /// </summary>
    public async Task<ModelRuntime?> HandOverAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _changing.WaitAsync().ConfigureAwait(false);
        var runtime = await EndAsync("its coordinator moves").ConfigureAwait(false);
        _changing.Release();
        return runtime;
    }

    private async Task<ModelRuntime?> EndAsync(string reason)
    {
        var runtime = Interlocked.Exchange(ref _runtime, null);
        if (_ticker is not null) await _ticker.DisposeAsync().ConfigureAwait(false);
        runtime?.Coordinator.Do((c, _) => c.Stop(CoordinatorStatus.NotCoordinator));
        await _background.EndAsync().ConfigureAwait(false);
        _waiters.FailAll(reason);
        PolicyTaken(null);
        return runtime;
    }

    private void StartTicking()
    {
        var period = TimeSpan.FromMilliseconds(Math.Clamp(Spec.Lease.TotalMilliseconds / 8, 10, 250));
        _ticker = _environment.Time.CreateTimer(
            _ => Volatile.Read(ref _runtime)?.Coordinator.Do((c, now) => c.Tick(now)), null, period, period);
    }

    private ISnapshotStore RequireStore() => _environment.Store ?? throw new SnapshotStorageException(
        $"Model '{Spec.Name}'", "the server was started without a snapshot directory; set EmbeddedServerOptions.SnapshotDirectory.",
        transient: false);

    [LoggerMessage(3, LogLevel.Warning, "Cut {Cut} of model {Model} is passed over: {Problem}")]
    private static partial void LogSkipped(ILogger logger, long cut, string model, string problem);
}
