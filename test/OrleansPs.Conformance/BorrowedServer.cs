using System.Collections.Concurrent;

namespace OrleansPs.Conformance;

/// <summary>
/// A server that many tests share, as one test sees it: it ends with its test, and the models that the test made end with it, as
/// they do with a process. Snapshots stay.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="isReplicated">Whether every model is made a replicated one.</param>
public sealed class BorrowedServer(IParameterServer server, bool isReplicated = false) : IParameterServer
{
    private readonly ConcurrentDictionary<string, bool> _models = new();

    public async Task CreateModelAsync(ModelSpec spec, CancellationToken cancellationToken = default)
    {
        await server.CreateModelAsync(isReplicated ? Replicated(spec) : spec, cancellationToken);
        _models[spec.Name] = true;
    }

    public Task DeleteModelAsync(string model, CancellationToken cancellationToken = default)
    {
        if (model is not null) _models.TryRemove(model, out _);
        return server.DeleteModelAsync(model!, cancellationToken);
    }

    public async Task<IReadOnlyList<string>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        [.. (await server.ListModelsAsync(cancellationToken)).Where(_models.ContainsKey)];

    public Task<ModelStatus> GetStatusAsync(string model, CancellationToken cancellationToken = default) =>
        server.GetStatusAsync(model, cancellationToken);

    public Task<IParameterWorker> JoinAsync(
        string model, int rank, WorkerOptions? options = null, CancellationToken cancellationToken = default) =>
        server.JoinAsync(model, rank, options, cancellationToken);

    public Task<IParameterReader> OpenReaderAsync(string model, CancellationToken cancellationToken = default) =>
        server.OpenReaderAsync(model, cancellationToken);

    public Task<TrainingPolicy> ChangePolicyAsync(string model, PolicyChange change, CancellationToken cancellationToken = default) =>
        server.ChangePolicyAsync(model, change, cancellationToken);

    public Task<SnapshotInfo> TakeSnapshotAsync(string model, CancellationToken cancellationToken = default) =>
        server.TakeSnapshotAsync(model, cancellationToken);

    public Task<IReadOnlyList<SnapshotInfo>> ListSnapshotsAsync(string model, CancellationToken cancellationToken = default) =>
        server.ListSnapshotsAsync(model, cancellationToken);

    public Task<SnapshotInfo> RestoreAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default) =>
        server.RestoreAsync(model, options, cancellationToken);

    public Task<LoadReport> RestorePartialAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default) =>
        server.RestorePartialAsync(model, options, cancellationToken);

    public Task<LoadReport> LoadAsync(
        string model, IWeightSource weights, LoadOptions? options = null, CancellationToken cancellationToken = default) =>
        server.LoadAsync(model, weights, options, cancellationToken);

    public Task<ISnapshotWeights> OpenSnapshotAsync(string model, long? cut = null, CancellationToken cancellationToken = default) =>
        server.OpenSnapshotAsync(model, cut, cancellationToken);

    public Task EvictAsync(string model, int rank, CancellationToken cancellationToken = default) =>
        server.EvictAsync(model, rank, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _models.Keys) await server.DeleteModelAsync(model);
        _models.Clear();
    }

    private static ModelSpec Replicated(ModelSpec spec) => spec is null ? spec! : spec with
    {
        Durability = DurabilityPolicy.Replicated(spec.Durability.EveryClocks, spec.Durability.Interval, spec.Durability.Keep),
    };
}
