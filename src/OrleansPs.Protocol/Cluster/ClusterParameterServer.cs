using System.Collections.Concurrent;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>A parameter service on an Orleans cluster, through an Orleans client.</summary>
/// <remarks>
/// Thread safe. It does not own the Orleans client. A call beside the training is tried for
/// <see cref="ParameterServerClientOptions.CallTimeout"/> where the cluster does not answer; each can be repeated without harm.
/// </remarks>
internal sealed class ClusterParameterServer : IParameterServer, IParameterServerAdmin
{
    private readonly IGrainFactory _grains;
    private readonly ParameterServerClientOptions _options;
    private readonly SessionEnvironment _environment;
    private readonly ICatalogGrain _catalog;
    private readonly CallRetries _retries;
    private readonly IBlockDoors? _doors;
    private readonly ILocalBlocks? _local;
    private readonly ClusterCutStore _cuts;
    private readonly ConcurrentDictionary<string, BlockRoutes> _routes = new(StringComparer.Ordinal);

    public ClusterParameterServer(
        IGrainFactory grains, ParameterServerClientOptions options, SessionEnvironment environment, GatewayWatch? gateways = null,
        IBlockDoors? doors = null, ILocalBlocks? local = null)
    {
        (_doors, _local) = (doors, local);
        _grains = grains;
        _options = options;
        _environment = environment;
        _catalog = grains.GetGrain<ICatalogGrain>(ICatalogGrain.Key);
        _retries = new(options, environment.Time, gateways ?? new());
        _cuts = new(ListSnapshotsAsync, this);
        if (gateways is not null) gateways.Lost += () => { foreach (var routes in _routes.Values) routes.ConnectionLost(); };
    }

    public async Task CreateModelAsync(ModelSpec spec, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.Validate();
        await _retries.RunAsync(() => _catalog.Create(spec), cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteModelAsync(string model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        await _retries.RunAsync(() => _catalog.Delete(model), cancellationToken).ConfigureAwait(false);
        _routes.TryRemove(model, out _);
    }

    public async Task<IReadOnlyList<string>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        await _retries.RunAsync(_catalog.List, cancellationToken).ConfigureAwait(false);

    public async Task<ModelStatus> GetStatusAsync(string model, CancellationToken cancellationToken = default)
    {
        var status = await _retries.RunAsync(Coordinator(model).Status, cancellationToken).ConfigureAwait(false);
        // Whoever was told that the model was put back must not read of blocks that have not heard of it.
        if (_routes.TryGetValue(model, out var routes)) routes.NoteVersion(status.Generation, 0);
        return status;
    }

    public async Task<IParameterWorker> JoinAsync(
        string model, int rank, WorkerOptions? options = null, CancellationToken cancellationToken = default)
    {
        var spec = await SpecAsync(model, cancellationToken).ConfigureAwait(false);
        return await WorkerSession.JoinAsync(
            Transport(model), spec, rank, options ?? _options.Worker, _environment, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IParameterReader> OpenReaderAsync(string model, CancellationToken cancellationToken = default)
    {
        var spec = await SpecAsync(model, cancellationToken).ConfigureAwait(false);
        return new ParameterReader(Transport(model), spec, _options.Worker, _environment, new ClusterSnapshotReader(_cuts, this, model));
    }

    public Task<SnapshotInfo> TakeSnapshotAsync(string model, CancellationToken cancellationToken = default)
    {
        var (coordinator, nonce) = (Coordinator(model), Guid.NewGuid());
        return _retries.RunLongAsync(() => coordinator.TakeSnapshot(nonce), cancellationToken);
    }

    public async Task<IReadOnlyList<SnapshotInfo>> ListSnapshotsAsync(string model, CancellationToken cancellationToken = default) =>
        await _retries.RunAsync(Snapshots(model).List, cancellationToken).ConfigureAwait(false);

    public async Task<SnapshotInfo> RestoreAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (coordinator, nonce) = (Coordinator(model), Guid.NewGuid());
        var routes = _routes.GetValueOrDefault(model);
        var before = routes?.Map?.Generation;
        var restored = await _retries.RunLongAsync(() => coordinator.Restore(nonce, options ?? new()), cancellationToken).ConfigureAwait(false);
        // Blocks of the generation before may not have heard yet that it is over, and one in this process would answer at once.
        if (before is { } generation) routes!.NoteVersion(generation + 1, 0);
        return restored;
    }

    public async Task<LoadReport> RestorePartialAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var spec = await SpecAsync(model, cancellationToken).ConfigureAwait(false);
        var report = await new CutMaker(_cuts, _environment.Time).OfCutAsync(spec, options, cancellationToken).ConfigureAwait(false);
        await RestoreAsync(model, options with { Cut = report.Snapshot!.Cut }, cancellationToken).ConfigureAwait(false);
        return report;
    }

    public async Task<LoadReport> LoadAsync(
        string model, IWeightSource weights, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var spec = await SpecAsync(model, cancellationToken).ConfigureAwait(false);
        var maker = new CutMaker(_cuts, _environment.Time);
        var report = await maker.OfWeightsAsync(spec, weights, options ?? new(), cancellationToken).ConfigureAwait(false);
        await RestoreAsync(model, new() { Cut = report.Snapshot!.Cut }, cancellationToken).ConfigureAwait(false);
        return report;
    }

    public Task<ISnapshotWeights> OpenSnapshotAsync(string model, long? cut = null, CancellationToken cancellationToken = default) =>
        SnapshotWeights.OpenAsync(_cuts, model, cut, cancellationToken);

    public Task<TrainingPolicy> ChangePolicyAsync(string model, PolicyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var (coordinator, nonce) = (Coordinator(model), Guid.NewGuid());
        return _retries.RunLongAsync(() => coordinator.ChangePolicy(nonce, change), cancellationToken);
    }

    public Task EvictAsync(string model, int rank, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => Coordinator(model).Evict(rank), cancellationToken);

    public async Task<IReadOnlyList<SiloInfo>> ListSilosAsync(CancellationToken cancellationToken = default) =>
        await _retries.RunAsync(_catalog.Silos, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<BlockInfo>> ListBlocksAsync(string model, CancellationToken cancellationToken = default) =>
        await _retries.RunAsync(Coordinator(model).Blocks, cancellationToken).ConfigureAwait(false);

    public Task<int> DrainAsync(string silo, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => _catalog.Drain(silo), cancellationToken);

    public Task<byte[]> ReadManifestAsync(string model, long? cut, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => Snapshots(model).ReadManifest(cut), cancellationToken);

    public Task<byte[]> ReadChunkAsync(string model, long cut, int block, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => Snapshots(model).ReadChunk(cut, block), cancellationToken);

    public Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => Snapshots(model).ReserveCut(atLeast), cancellationToken);

    public Task ImportChunkAsync(string model, string name, byte[] content, CancellationToken cancellationToken = default) =>
        _retries.RunAsync(() => Snapshots(model).ImportChunk(name, content), cancellationToken);

    public Task<SnapshotInfo> ImportManifestAsync(byte[] manifest, CancellationToken cancellationToken = default)
    {
        var model = Core.Snapshots.ManifestCodec.Decode(manifest, "the manifest").Model;
        return _retries.RunAsync(() => Snapshots(model).ImportManifest(manifest), cancellationToken);
    }

    public ValueTask DisposeAsync() => default;

    /// <summary>Asks which service answers.</summary>
    public Task<ServiceIdentity> HelloAsync(CancellationToken cancellationToken) =>
        _retries.RunAsync(async () => new Outcome<ServiceIdentity>(await _catalog.Hello().ConfigureAwait(false), null), cancellationToken);

    private Task<ModelSpec> SpecAsync(string model, CancellationToken cancellationToken) =>
        _retries.RunAsync(Coordinator(model).Spec, cancellationToken);

    private ICoordinatorGrain Coordinator(string model) => _grains.GetGrain<ICoordinatorGrain>(Named(model));

    private ISnapshotGrain Snapshots(string model) => _grains.GetGrain<ISnapshotGrain>(Named(model));

    private ClusterTransport Transport(string model) =>
        new(_grains, model, _routes.GetOrAdd(model, static (name, grains) => new(grains, name, TimeProvider.System), _grains), _doors, _local);

    // A grain would come alive under any name.
    private static string Named(string model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelNames.IsName(model) ? model : throw new UnknownModelException(model);
    }
}
