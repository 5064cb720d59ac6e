namespace OrleansPs.Core.Specs;

/// <summary>The names that an enum's values have in files. They stay when the code's names change.</summary>
internal sealed class JsonNames<T>(params (T Value, string Name)[] names) where T : struct, Enum
{
    public string Of(T value) => Array.Find(names, n => n.Value.Equals(value)).Name
        ?? throw new ArgumentOutOfRangeException(nameof(value), value, "It has no name in files.");

    public bool TryParse(string name, out T value)
    {
        var found = Array.Find(names, n => n.Name == name);
        value = found.Value;
        return found.Name is not null;
    }

    public override string ToString() => string.Join(", ", names.Select(n => $"'{n.Name}'"));
}

/// <summary>The names of all enums that are written to files.</summary>
internal static class SpecNames
{
    public static readonly JsonNames<ConsistencyMode> Consistency = new(
        (ConsistencyMode.BulkSynchronous, "bulkSynchronous"), (ConsistencyMode.StaleSynchronous, "staleSynchronous"),
        (ConsistencyMode.Asynchronous, "asynchronous"));

    public static readonly JsonNames<ClippingMode> Clipping = new(
        (ClippingMode.None, "none"), (ClippingMode.Value, "value"), (ClippingMode.GlobalNorm, "globalNorm"));

    public static readonly JsonNames<CompensationMode> Compensation = new(
        (CompensationMode.Lr, "learningRate"), (CompensationMode.DcAsgd, "delay"));

    public static readonly JsonNames<GradientCompressionMode> Compression = new(
        (GradientCompressionMode.None, "none"), (GradientCompressionMode.Bf16, "bf16"), (GradientCompressionMode.Int8, "int8"), (GradientCompressionMode.TopK, "topK"),
        (GradientCompressionMode.OneBit, "oneBit"));

    public static readonly JsonNames<Reduction> Reduction = new((OrleansPs.Reduction.Mean, "mean"), (OrleansPs.Reduction.Sum, "sum"));

    public static readonly JsonNames<NonFinitePolicy> NonFinite = new(
        (NonFinitePolicy.Reject, "reject"), (NonFinitePolicy.Skip, "skip"), (NonFinitePolicy.Accept, "accept"));

    public static readonly JsonNames<FanMode> Fan = new((FanMode.In, "in"), (FanMode.Average, "average"));

    public static readonly JsonNames<WorkerStatus> Worker = new(
        (WorkerStatus.Expected, "expected"), (WorkerStatus.Live, "live"), (WorkerStatus.OutOfData, "outOfData"),
        (WorkerStatus.Left, "left"), (WorkerStatus.Evicted, "evicted"));
}
