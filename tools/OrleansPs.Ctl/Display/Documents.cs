using System.Text.Json;
using OrleansPs.Core.Specs;

namespace OrleansPs.Ctl;

/// <summary>A model in JSON. Its spec has the form that a model can be created of.</summary>
internal sealed record ModelDocument(
    string Model, long Generation, long Round, int Blocks, IReadOnlyList<WorkerDocument> Workers, SnapshotInfo? LastSnapshot,
    string? SnapshotError, PolicyDocument Policy, JsonElement Spec)
{
    public static ModelDocument Of(ModelStatus status) => new(
        status.Spec.Name, status.Generation, status.Round, status.Blocks, WorkerDocument.Of(status.Workers), status.LastSnapshot,
        status.SnapshotError, PolicyDocument.Of(status.Policy), JsonSerializer.Deserialize<JsonElement>(ModelSpecJson.Encode(status.Spec)));
}

/// <summary>A policy in JSON; under ASP the staleness is null.</summary>
internal sealed record PolicyDocument(long Number, ConsistencyMode Mode, int? Staleness, int BackupWorkers, double LrScale)
{
    public static PolicyDocument Of(TrainingPolicy policy) => new(
        policy.Number, policy.Consistency.Mode, policy.Consistency.Mode == ConsistencyMode.Asynchronous ? null : policy.Consistency.Staleness,
        policy.BackupWorkers, policy.LrScale);
}

/// <summary>A worker in JSON.</summary>
internal sealed record WorkerDocument(
    int Rank, long Incarnation, WorkerStatus Status, long Step, long Clock, long Behind, long Cursor, bool Waiting,
    double? BlocksForSeconds, long RoundsMissed)
{
    public static IReadOnlyList<WorkerDocument> Of(IReadOnlyList<WorkerInfo> workers)
    {
        var fastest = Fastest(workers);
        return [.. workers.Select(w => new WorkerDocument(
            w.Rank, w.Incarnation, w.Status, w.Step, w.Clock, fastest - w.Clock, w.Cursor, w.Waiting,
            w.BlocksFor is { } time ? Math.Round(time.TotalSeconds, 3) : null, w.RoundsMissed))];
    }

    private static long Fastest(IReadOnlyList<WorkerInfo> workers) => workers.Count == 0 ? 0 : workers.Max(w => w.Clock);
}

/// <summary>Which model, in JSON.</summary>
internal sealed record ModelName(string Model);

/// <summary>Which worker, in JSON.</summary>
internal sealed record ModelRank(string Model, int Rank);

/// <summary>How many blocks a silo holds, in JSON.</summary>
internal sealed record SiloBlocks(string Silo, int Blocks);
