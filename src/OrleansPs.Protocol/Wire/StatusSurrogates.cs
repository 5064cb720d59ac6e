using OrleansPs.Core.Specs;

namespace OrleansPs.Protocol;

[GenerateSerializer, Alias("orleansps.ModelSpec")]
internal struct ModelSpecSurrogate
{
    [Id(0)] public byte[] Json;
}

/// <summary>A spec travels as its canonical JSON, which is strict about what it doesn't know.</summary>
[RegisterConverter]
internal sealed class ModelSpecConverter : IConverter<ModelSpec, ModelSpecSurrogate>
{
    public ModelSpec ConvertFromSurrogate(in ModelSpecSurrogate s) => ModelSpecJson.Decode(s.Json, "the spec in a message");

    public ModelSpecSurrogate ConvertToSurrogate(in ModelSpec v) => new() { Json = ModelSpecJson.Encode(v) };
}

[GenerateSerializer, Alias("orleansps.SnapshotInfo")]
internal struct SnapshotInfoSurrogate
{
    [Id(0)] public string Model;
    [Id(1)] public long Cut;
    [Id(2)] public long Generation;
    [Id(3)] public long Round;
    [Id(4)] public DateTimeOffset TakenAt;
    [Id(5)] public long Bytes;
}

[RegisterConverter]
internal sealed class SnapshotInfoConverter : IConverter<SnapshotInfo, SnapshotInfoSurrogate>
{
    public SnapshotInfo ConvertFromSurrogate(in SnapshotInfoSurrogate s) =>
        new(s.Model, s.Cut, s.Generation, s.Round, s.TakenAt, s.Bytes);

    public SnapshotInfoSurrogate ConvertToSurrogate(in SnapshotInfo v) => new()
    {
        Model = v.Model, Cut = v.Cut, Generation = v.Generation, Round = v.Round, TakenAt = v.TakenAt, Bytes = v.Bytes,
    };
}

[GenerateSerializer, Alias("orleansps.RestoreOptions")]
internal struct RestoreOptionsSurrogate
{
    [Id(0)] public long? Cut;
    [Id(1)] public int? Workers;
}

[RegisterConverter]
internal sealed class RestoreOptionsConverter : IConverter<RestoreOptions, RestoreOptionsSurrogate>
{
    public RestoreOptions ConvertFromSurrogate(in RestoreOptionsSurrogate s) => new() { Cut = s.Cut, Workers = s.Workers };

    public RestoreOptionsSurrogate ConvertToSurrogate(in RestoreOptions v) => new() { Cut = v.Cut, Workers = v.Workers };
}

[GenerateSerializer, Alias("orleansps.WorkerInfo")]
internal struct WorkerInfoSurrogate
{
    [Id(0)] public int Rank;
    [Id(1)] public long Incarnation;
    [Id(2)] public int Status;
    [Id(3)] public long Step;
    [Id(4)] public long Clock;
    [Id(5)] public long Cursor;
    [Id(6)] public bool Waiting;
    [Id(7)] public TimeSpan? BlocksFor;
    [Id(8)] public long RoundsMissed;
}

[RegisterConverter]
internal sealed class WorkerInfoConverter : IConverter<WorkerInfo, WorkerInfoSurrogate>
{
    public WorkerInfo ConvertFromSurrogate(in WorkerInfoSurrogate s) =>
        new(s.Rank, s.Incarnation, (WorkerStatus)s.Status, s.Step, s.Clock, s.Cursor, s.Waiting) { BlocksFor = s.BlocksFor, RoundsMissed = s.RoundsMissed };

    public WorkerInfoSurrogate ConvertToSurrogate(in WorkerInfo v) => new()
    {
        Rank = v.Rank, Incarnation = v.Incarnation, Status = (int)v.Status, Step = v.Step, Clock = v.Clock, Cursor = v.Cursor,
        Waiting = v.Waiting, BlocksFor = v.BlocksFor, RoundsMissed = v.RoundsMissed,
    };
}

[GenerateSerializer, Alias("orleansps.ModelStatus")]
internal struct ModelStatusSurrogate
{
    [Id(0)] public ModelSpec Spec;
    [Id(1)] public long Generation;
    [Id(2)] public long Round;
    [Id(3)] public int Blocks;
    [Id(4)] public WorkerInfo[] Workers;
    [Id(5)] public SnapshotInfo? LastSnapshot;
    [Id(6)] public string? SnapshotError;
    [Id(7)] public TrainingPolicy? Policy;
    [Id(8)] public TrainingPolicy? NextPolicy;
}

[RegisterConverter]
internal sealed class ModelStatusConverter : IConverter<ModelStatus, ModelStatusSurrogate>
{
    public ModelStatus ConvertFromSurrogate(in ModelStatusSurrogate s) =>
        new(s.Spec, s.Generation, s.Round, s.Blocks, s.Workers ?? [], s.LastSnapshot, s.SnapshotError)
        { Policy = s.Policy ?? TrainingPolicy.Of(s.Spec), NextPolicy = s.NextPolicy };

    public ModelStatusSurrogate ConvertToSurrogate(in ModelStatus v) => new()
    {
        Spec = v.Spec, Generation = v.Generation, Round = v.Round, Blocks = v.Blocks, Workers = [.. v.Workers],
        LastSnapshot = v.LastSnapshot, SnapshotError = v.SnapshotError, Policy = v.Policy, NextPolicy = v.NextPolicy,
    };
}
