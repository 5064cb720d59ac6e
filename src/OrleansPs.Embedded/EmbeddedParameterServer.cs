using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansPs.Client;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Specs;
using OrleansPs.Hosting;

namespace OrleansPs.Embedded;

/// <summary>
/// A parameter service inside this process: the same engine and the same sessions as on a cluster, without a network. For
/// laptops, unit tests, and training on one machine.
/// </summary>
/// <remarks>
/// Thread safe. Blocks work on the threads of their callers, so workers on different blocks run at the same time. What is in
/// memory ends with the process; what a snapshot holds can be restored by the next one.
/// </remarks>
/// <example>
/// <code>
/// await using var server = await EmbeddedParameterServer.StartAsync();
/// await server.CreateModelAsync(new ModelSpec("line")
/// {
///     Parameters = [new DenseParameter("w", [2])],
///     Optimizer = Optimizer.Sgd(lr: 0.1),
/// });
/// await using var worker = await server.JoinAsync("line", rank: 0);
/// var w = new float[2];
/// await worker.PullAsync("w", w);
/// </code>
/// </example>
public sealed class EmbeddedParameterServer : IParameterServer
{
    private readonly ConcurrentDictionary<string, ModelHost> _models = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1);
    private readonly EmbeddedServerOptions _options;
    private readonly DirectorySnapshotStore? _store;
    private readonly SnapshotDirectoryLock? _lock;
    private readonly ServerMetrics _metrics;
    private readonly SessionEnvironment _environment;
    private readonly ILogger _logger;
    private bool _isDisposed;

    private EmbeddedParameterServer(EmbeddedServerOptions options, DirectorySnapshotStore? store, SnapshotDirectoryLock? held)
    {
        _options = options;
        _store = store;
        _lock = held;
        _metrics = new(() => _models.Values);
        _environment = new(options.TimeProvider, Random.Shared.Next(), Guid.NewGuid, new ClientMetrics()) { PrefetchOnPool = true };
        _logger = options.LoggerFactory.CreateLogger<EmbeddedParameterServer>();
    }

    /// <summary>Starts a server: tries whether snapshots can be written, and takes the directory for this process alone.</summary>
    /// <param name="options">How it is set up; null for the defaults, which keep no snapshots.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotStorageException">
    /// The snapshot directory can't be made or written, or another process uses it.
    /// </exception>
    public static async Task<EmbeddedParameterServer> StartAsync(
        EmbeddedServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        if (options.SnapshotDirectory is null) return new(options, null, null);
        var store = new DirectorySnapshotStore(options.SnapshotDirectory);
        await store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        return new(options, store, SnapshotDirectoryLock.Acquire(options.SnapshotDirectory));
    }

    /// <inheritdoc/>
    /// <remarks>Snapshots of an earlier model of this name stay; <see cref="RestoreAsync"/> goes on from them.</remarks>
    public async Task CreateModelAsync(ModelSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validate();
        CheckDurability(spec.Durability);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_models.TryGetValue(spec.Name, out var existing))
            {
                var difference = ModelSpecComparison.FirstDifference(existing.Spec, spec, ignoreWorkers: false);
                if (difference is not null) throw new SpecMismatchException(spec.Name, difference);
                return;
            }
            var environment = EnvironmentOf(spec);
            var known = environment.Store is { } store
                ? await store.ReadPointerAsync(spec.Name, cancellationToken).ConfigureAwait(false) : ModelPointer.First;
            _models[spec.Name] = await ModelHost.CreateAsync(spec, known, environment, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public async Task DeleteModelAsync(string model, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var removed = Find(model);
            _models.TryRemove(model, out _);
            await removed.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<string>>([.. _models.Keys.Order(StringComparer.Ordinal)]);

    /// <inheritdoc/>
    public Task<ModelStatus> GetStatusAsync(string model, CancellationToken cancellationToken = default) =>
        Answer(() => Find(model).GetStatus());

    /// <inheritdoc/>
    public async Task<IParameterWorker> JoinAsync(
        string model, int rank, WorkerOptions? options = null, CancellationToken cancellationToken = default)
    {
        var found = Find(model);
        return await WorkerSession.JoinAsync(
            new EmbeddedTransport(found), found.Spec, rank, options ?? new(), _environment, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<IParameterReader> OpenReaderAsync(string model, CancellationToken cancellationToken = default) => Answer(() =>
    {
        var found = Find(model);
        return (IParameterReader)new ParameterReader(new EmbeddedTransport(found), found.Spec, new(), _environment, found);
    });

    /// <inheritdoc/>
    public async Task<SnapshotInfo> TakeSnapshotAsync(string model, CancellationToken cancellationToken = default) =>
        await Find(model).TakeSnapshotAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <remarks>A model need not exist in memory for this. Without a snapshot directory there are none.</remarks>
    public async Task<IReadOnlyList<SnapshotInfo>> ListSnapshotsAsync(string model, CancellationToken cancellationToken = default)
    {
        if (_store is null || !SnapshotPaths.IsName(model)) return [];
        var listings = await _store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        return [.. listings.Where(l => l.IsWhole).Select(l => l.Manifest!.ToInfo())];
    }

    /// <inheritdoc/>
    public async Task<SnapshotInfo> RestoreAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default) =>
        await Find(model).RestoreAsync(options ?? new(), null, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<LoadReport> RestorePartialAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var found = Find(model);
        // Without a directory the ordinary restore says what to set.
        if (_store is null) return new() { Snapshot = await found.RestoreAsync(options, null, cancellationToken).ConfigureAwait(false) };
        var report = await MakerOf(_store).OfCutAsync(found.Spec, options, cancellationToken).ConfigureAwait(false);
        await found.RestoreAsync(options with { Cut = report.Snapshot!.Cut }, null, cancellationToken).ConfigureAwait(false);
        return report;
    }

    /// <inheritdoc/>
    public async Task<LoadReport> LoadAsync(
        string model, IWeightSource weights, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var found = Find(model);
        options ??= new();
        if (_store is null) return await EmbeddedWeights.LoadAsync(found, weights, options, cancellationToken).ConfigureAwait(false);
        var report = await MakerOf(_store).OfWeightsAsync(found.Spec, weights, options, cancellationToken).ConfigureAwait(false);
        await found.RestoreAsync(new() { Cut = report.Snapshot!.Cut }, null, cancellationToken).ConfigureAwait(false);
        return report;
    }

    /// <inheritdoc/>
    public async Task<ISnapshotWeights> OpenSnapshotAsync(
        string model, long? cut = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_store is null || !SnapshotPaths.IsName(model)) throw new SnapshotNotFoundException(model, cut);
        return await SnapshotWeights.OpenAsync(new DirectoryCutStore(_store), model, cut, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<TrainingPolicy> ChangePolicyAsync(string model, PolicyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return await Find(model).ChangePolicyAsync(change, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task EvictAsync(string model, int rank, CancellationToken cancellationToken = default) => Answer(() =>
    {
        var found = Find(model);
        if (rank < 0 || rank >= found.Spec.RankLimit)
            throw new InvalidOptionsException(nameof(rank), rank, $"it must be 0 to {found.Spec.RankLimit - 1}.");
        found.Evict(rank);
        return true;
    });

    /// <summary>Stops everything. A snapshot that is being written is given up; dispose sessions before.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isDisposed) return;
            _isDisposed = true;
            foreach (var model in _models.Values) await model.DisposeAsync().ConfigureAwait(false);
            _models.Clear();
            _lock?.Dispose();
            _metrics.Dispose();
            _environment.Metrics.Dispose();
        }
        finally
        {
            _changing.Release();
        }
    }

    private ModelEnvironment EnvironmentOf(ModelSpec spec) => new(
        new EmbeddedBlockFactory(spec, BlockLayout.Create(spec), _store), _store, _metrics, _options.TimeProvider, _logger) { OwnsStore = true };

    private CutMaker MakerOf(DirectorySnapshotStore store) => new(new DirectoryCutStore(store), _options.TimeProvider);

    private ModelHost Find(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _models.TryGetValue(model, out var found) ? found : throw new UnknownModelException(model);
    }

    // A call that needs no waiting still reports its error by its task.
    private static Task<T> Answer<T>(Func<T> call)
    {
        try
        {
            return Task.FromResult(call());
        }
        catch (Exception e) when (e is ParameterServerException or ObjectDisposedException)
        {
            return Task.FromException<T>(e);
        }
    }

    private void CheckDurability(DurabilityPolicy durability)
    {
        if (durability.IsReplicated)
            throw new InvalidSpecException("Durability", "Replicated",
                "one process can't hold two replicas on two servers: use DurabilityPolicy.Snapshot, or a cluster.");
        if (_store is null && (durability.EveryClocks > 0 || durability.Interval is not null))
            throw new InvalidSpecException("Durability", "Snapshot with a cadence",
                "the server was started without a snapshot directory: set EmbeddedServerOptions.SnapshotDirectory.");
    }
}
