namespace OrleansPs.Protocol;

[GenerateSerializer, Alias("orleansps.TrainingPolicy")]
internal struct TrainingPolicySurrogate
{
    [Id(0)] public long Number;
    [Id(1)] public ConsistencyPolicy Consistency;
    [Id(2)] public int BackupWorkers;
    [Id(3)] public double LrScale;
}

[RegisterConverter]
internal sealed class TrainingPolicyConverter : IConverter<TrainingPolicy, TrainingPolicySurrogate>
{
    public TrainingPolicy ConvertFromSurrogate(in TrainingPolicySurrogate s) => new(s.Number, s.Consistency, s.BackupWorkers, s.LrScale);

    public TrainingPolicySurrogate ConvertToSurrogate(in TrainingPolicy v) =>
        new() { Number = v.Number, Consistency = v.Consistency, BackupWorkers = v.BackupWorkers, LrScale = v.LrScale };
}

[GenerateSerializer, Alias("orleansps.ConsistencyPolicy")]
internal struct ConsistencyPolicySurrogate
{
    [Id(0)] public int Mode;
    [Id(1)] public int Staleness;
}

[RegisterConverter]
internal sealed class ConsistencyPolicyConverter : IConverter<ConsistencyPolicy, ConsistencyPolicySurrogate>
{
    public ConsistencyPolicy ConvertFromSurrogate(in ConsistencyPolicySurrogate s) => (ConsistencyMode)s.Mode switch
    {
        ConsistencyMode.BulkSynchronous => ConsistencyPolicy.BulkSynchronous,
        ConsistencyMode.StaleSynchronous => ConsistencyPolicy.StaleSynchronous(s.Staleness),
        ConsistencyMode.Asynchronous => ConsistencyPolicy.Asynchronous,
        _ => throw new InvalidDataException($"A consistency is {s.Mode}."),
    };

    public ConsistencyPolicySurrogate ConvertToSurrogate(in ConsistencyPolicy v) => new() { Mode = (int)v.Mode, Staleness = v.Staleness };
}

[GenerateSerializer, Alias("orleansps.PolicyChange")]
internal struct PolicyChangeSurrogate
{
    [Id(0)] public ConsistencyPolicy? Consistency;
    [Id(1)] public int? BackupWorkers;
    [Id(2)] public double? LrScale;
}

[RegisterConverter]
internal sealed class PolicyChangeConverter : IConverter<PolicyChange, PolicyChangeSurrogate>
{
    public PolicyChange ConvertFromSurrogate(in PolicyChangeSurrogate s) =>
        new() { Consistency = s.Consistency, BackupWorkers = s.BackupWorkers, LrScale = s.LrScale };

    public PolicyChangeSurrogate ConvertToSurrogate(in PolicyChange v) =>
        new() { Consistency = v.Consistency, BackupWorkers = v.BackupWorkers, LrScale = v.LrScale };
}
