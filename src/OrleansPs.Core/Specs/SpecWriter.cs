using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>Writes specs; the mirror of <see cref="SpecReader"/>.</summary>
internal static class SpecWriter
{
    public static void Write(Utf8JsonWriter writer, ModelSpec spec)
    {
        writer.WriteStartObject();
        writer.WriteString("name", spec.Name);
        WriteList(writer, "parameters", spec.Parameters, Write);
        if (spec.Tables.Count > 0) WriteList(writer, TableSpecJson.Field, spec.Tables, TableSpecJson.Write);
        writer.WritePropertyName("optimizer");
        Write(writer, spec.Optimizer);
        WriteList(writer, "groups", spec.Groups, Write);
        writer.WritePropertyName("schedule");
        Write(writer, spec.Schedule);
        writer.WritePropertyName("clipping");
        Write(writer, spec.Clipping);
        CompressionJson.WriteFieldOfModel(writer, CompressionJson.OfPushes, spec.Compression);
        CompressionJson.WriteFieldOfModel(writer, CompressionJson.OfPulls, spec.PullCompression);
        writer.WritePropertyName("consistency");
        Write(writer, spec.Consistency);
        if (spec.Compensation.Mode != CompensationMode.None) Write(writer, spec.Compensation);
        writer.WritePropertyName("durability");
        Write(writer, spec.Durability);
        writer.WriteString("reduction", SpecNames.Reduction.Of(spec.Reduction));
        writer.WriteString("nonFinite", SpecNames.NonFinite.Of(spec.NonFinite));
        writer.WriteNumber("workers", spec.Workers);
        writer.WriteNumber("maxWorkers", spec.MaxWorkers);
        if (spec.BackupWorkers != 0) writer.WriteNumber("backupWorkers", spec.BackupWorkers);
        writer.WriteNumber("seed", spec.Seed);
        writer.WriteNumber("blockBytes", spec.BlockBytes);
        writer.WriteString("lease", spec.Lease.ToString("c"));
        writer.WriteNumber("pushesPerStep", spec.PushesPerStep);
        writer.WriteNumber("stagingBytes", spec.StagingBytes);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, DenseParameter parameter)
    {
        writer.WriteStartObject();
        writer.WriteString("name", parameter.Name);
        writer.WritePropertyName("shape");
        writer.WriteRawValue(parameter.ShapeText);
        writer.WritePropertyName("initializer");
        Write(writer, parameter.Initializer ?? Initializer.Zeros);
        writer.WritePropertyName("optimizer");
        if (parameter.Optimizer is null) writer.WriteNullValue();
        else Write(writer, parameter.Optimizer);
        writer.WriteString("group", parameter.Group);
        CompressionJson.WriteField(writer, CompressionJson.OfPushes, parameter.Compression);
        CompressionJson.WriteField(writer, CompressionJson.OfPulls, parameter.PullCompression);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ParameterGroup group)
    {
        writer.WriteStartObject();
        writer.WriteString("name", group.Name);
        WriteNumber(writer, "lr", group.Lr);
        WriteNumber(writer, "weightDecay", group.WeightDecay);
        writer.WriteBoolean("frozen", group.Frozen);
        CompressionJson.WriteField(writer, CompressionJson.OfPushes, group.Compression);
        CompressionJson.WriteField(writer, CompressionJson.OfPulls, group.PullCompression);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, Optimizer optimizer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", TypeOf(optimizer));
        writer.WriteNumber("lr", optimizer.Lr);
        writer.WriteNumber("weightDecay", optimizer.WeightDecay);
        switch (optimizer)
        {
            case SgdOptimizer sgd:
                writer.WriteNumber("momentum", sgd.Momentum);
                writer.WriteNumber("dampening", sgd.Dampening);
                writer.WriteBoolean("nesterov", sgd.Nesterov);
                break;
            case AdamOptimizer adam:
                writer.WriteNumber("beta1", adam.Beta1);
                writer.WriteNumber("beta2", adam.Beta2);
                writer.WriteNumber("eps", adam.Eps);
                break;
            case AdagradOptimizer adagrad:
                writer.WriteNumber("lrDecay", adagrad.LrDecay);
                writer.WriteNumber("initialAccumulatorValue", adagrad.InitialAccumulatorValue);
                writer.WriteNumber("eps", adagrad.Eps);
                break;
            case RmsPropOptimizer rmsProp:
                writer.WriteNumber("alpha", rmsProp.Alpha);
                writer.WriteNumber("eps", rmsProp.Eps);
                writer.WriteNumber("momentum", rmsProp.Momentum);
                writer.WriteBoolean("centered", rmsProp.Centered);
                break;
            case FtrlProximalOptimizer ftrl:
                writer.WriteNumber("beta", ftrl.Beta);
                writer.WriteNumber("l1", ftrl.L1);
                writer.WriteNumber("l2", ftrl.L2);
                break;
            case RowwiseAdagradOptimizer rowwise:
                writer.WriteNumber("initialAccumulatorValue", rowwise.InitialAccumulatorValue);
                writer.WriteNumber("eps", rowwise.Eps);
                break;
        }
        writer.WriteEndObject();
    }

    private static string TypeOf(Optimizer optimizer) => optimizer switch
    {
        SgdOptimizer => "sgd",
        AdamOptimizer { Decoupled: true } => "adamw",
        AdamOptimizer => "adam",
        AdagradOptimizer => "adagrad",
        RmsPropOptimizer => "rmsprop",
        FtrlProximalOptimizer => "ftrlProximal",
        RowwiseAdagradOptimizer => "rowwiseAdagrad",
        SumOptimizer => "sum",
        AssignOptimizer => "assign",
        _ => throw Unknown(optimizer),
    };

    internal static void Write(Utf8JsonWriter writer, Initializer initializer)
    {
        writer.WriteStartObject();
        switch (initializer)
        {
            case ConstantInitializer c:
                writer.WriteString("type", "constant");
                writer.WriteNumber("value", c.Value);
                break;
            case UniformInitializer u:
                writer.WriteString("type", "uniform");
                writer.WriteNumber("low", u.Low);
                writer.WriteNumber("high", u.High);
                break;
            case NormalInitializer n:
                writer.WriteString("type", "normal");
                writer.WriteNumber("mean", n.Mean);
                writer.WriteNumber("std", n.Std);
                break;
            case ScaledInitializer s:
                writer.WriteString("type", s.IsNormal ? "scaledNormal" : "scaledUniform");
                writer.WriteString("fan", SpecNames.Fan.Of(s.Fan));
                writer.WriteNumber("gain", s.Gain);
                break;
            default:
                throw Unknown(initializer);
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, LearningRateSchedule schedule)
    {
        writer.WriteStartObject();
        switch (schedule)
        {
            case ConstantSchedule:
                writer.WriteString("type", "constant");
                break;
            case StepSchedule s:
                writer.WriteString("type", "step");
                writer.WriteNumber("stepSize", s.StepSize);
                writer.WriteNumber("gamma", s.Gamma);
                break;
            case CosineSchedule c:
                writer.WriteString("type", "cosine");
                writer.WriteNumber("tMax", c.TMax);
                writer.WriteNumber("etaMin", c.EtaMin);
                break;
            case WarmUpSchedule w:
                writer.WriteString("type", "warmUp");
                writer.WriteNumber("totalIters", w.TotalIters);
                writer.WriteNumber("startFactor", w.StartFactor);
                writer.WritePropertyName("then");
                Write(writer, w.Then);
                break;
            default:
                throw Unknown(schedule);
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, GradientClipping clipping)
    {
        writer.WriteStartObject();
        writer.WriteString("type", SpecNames.Clipping.Of(clipping.Mode));
        if (clipping.Mode != ClippingMode.None) writer.WriteNumber("limit", clipping.Limit);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, ConsistencyPolicy consistency)
    {
        writer.WriteStartObject();
        writer.WriteString("type", SpecNames.Consistency.Of(consistency.Mode));
        if (consistency.Mode == ConsistencyMode.StaleSynchronous) writer.WriteNumber("staleness", consistency.Staleness);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, StalenessCompensation compensation)
    {
        writer.WriteStartObject("compensation");
        writer.WriteString("type", SpecNames.Compensation.Of(compensation.Mode));
        if (compensation.Mode == CompensationMode.DcAsgd) writer.WriteNumber("lambda", compensation.Lambda);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, DurabilityPolicy durability)
    {
        writer.WriteStartObject();
        writer.WriteString("type", durability.IsReplicated ? "replicated" : "snapshot");
        writer.WriteNumber("everyClocks", durability.EveryClocks);
        writer.WriteString("interval", durability.Interval?.ToString("c"));
        writer.WriteNumber("keep", durability.Keep);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    public static void WriteList<T>(Utf8JsonWriter writer, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(name);
        foreach (var item in items) write(writer, item);
        writer.WriteEndArray();
    }

    private static NotSupportedException Unknown(object value) => new($"{value.GetType().Name} has no name in files yet.");
}
