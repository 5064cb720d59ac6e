using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>Reads specs; the mirror of <see cref="SpecWriter"/>. All problems are <see cref="JsonException"/>s.</summary>
internal static class SpecReader
{
    public static ModelSpec Read(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var spec = new ModelSpec(fields.Text("name"))
        {
            Parameters = fields.List("parameters", ReadParameter),
            Tables = fields.Has(TableSpecJson.Field) ? fields.List(TableSpecJson.Field, TableSpecJson.Read) : [],
            Optimizer = ReadOptimizer(fields.Take("optimizer"), fields.PathOf("optimizer")),
            Groups = fields.List("groups", ReadGroup),
            Schedule = ReadSchedule(fields.Take("schedule"), fields.PathOf("schedule")),
            Clipping = ReadClipping(fields.Object("clipping")),
            Compression = CompressionJson.ReadField(fields, CompressionJson.OfPushes) ?? GradientCompression.None,
            PullCompression = CompressionJson.ReadField(fields, CompressionJson.OfPulls) ?? GradientCompression.None,
            Consistency = ReadConsistency(fields.Object("consistency")),
            Compensation = fields.Has("compensation") ? ReadCompensation(fields.Object("compensation")) : StalenessCompensation.None,
            Durability = ReadDurability(fields.Object("durability")),
            Reduction = fields.Name("reduction", SpecNames.Reduction),
            NonFinite = fields.Name("nonFinite", SpecNames.NonFinite),
            Workers = fields.Int32("workers"),
            MaxWorkers = fields.Int32("maxWorkers"),
            BackupWorkers = fields.Has("backupWorkers") ? fields.Int32("backupWorkers") : 0,
            Seed = fields.UInt64("seed"),
            BlockBytes = fields.Int32("blockBytes"),
            Lease = fields.TimeSpan("lease"),
            PushesPerStep = fields.Int32("pushesPerStep"),
            StagingBytes = fields.Int64("stagingBytes"),
        };
        return Ended(fields, spec);
    }

    private static DenseParameter ReadParameter(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var initializer = ReadInitializer(fields.Object("initializer"));
        var optimizer = fields.Optional("optimizer");
        var group = fields.Optional("group");
        return Ended(fields, new DenseParameter(fields.Text("name"), fields.List("shape", JsonFields.Int32), initializer)
        {
            Optimizer = optimizer is { } own ? ReadOptimizer(own, fields.PathOf("optimizer")) : null,
            Group = group is { } name ? JsonFields.Text(name, fields.PathOf("group")) : null,
            Compression = CompressionJson.ReadField(fields, CompressionJson.OfPushes),
            PullCompression = CompressionJson.ReadField(fields, CompressionJson.OfPulls),
        });
    }

    private static ParameterGroup ReadGroup(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        return Ended(fields, new ParameterGroup(fields.Text("name"))
        {
            Lr = ReadNumber(fields, "lr"),
            WeightDecay = ReadNumber(fields, "weightDecay"),
            Frozen = fields.Bool("frozen"),
            Compression = CompressionJson.ReadField(fields, CompressionJson.OfPushes),
            PullCompression = CompressionJson.ReadField(fields, CompressionJson.OfPulls),
        });
    }

    internal static Optimizer ReadOptimizer(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var optimizer = fields.Text("type") switch
        {
            "sgd" => Optimizer.Sgd(
                momentum: fields.Double("momentum"), dampening: fields.Double("dampening"), nesterov: fields.Bool("nesterov")),
            "adam" => Optimizer.Adam(beta1: fields.Double("beta1"), beta2: fields.Double("beta2"), eps: fields.Double("eps")),
            "adamw" => Optimizer.AdamW(beta1: fields.Double("beta1"), beta2: fields.Double("beta2"), eps: fields.Double("eps")),
            "adagrad" => Optimizer.Adagrad(lrDecay: fields.Double("lrDecay"),
                initialAccumulatorValue: fields.Double("initialAccumulatorValue"), eps: fields.Double("eps")),
            "rmsprop" => Optimizer.RmsProp(alpha: fields.Double("alpha"), eps: fields.Double("eps"),
                momentum: fields.Double("momentum"), centered: fields.Bool("centered")),
            "ftrlProximal" => Optimizer.FtrlProximal(beta: fields.Double("beta"), l1: fields.Double("l1"), l2: fields.Double("l2")),
            "rowwiseAdagrad" => Optimizer.RowwiseAdagrad(
                initialAccumulatorValue: fields.Double("initialAccumulatorValue"), eps: fields.Double("eps")),
            "sum" => Optimizer.Sum(),
            "assign" => Optimizer.Assign(),
            var type => throw Unknown(fields, type, "optimizer"),
        };
        return Ended(fields, optimizer with { Lr = fields.Double("lr"), WeightDecay = fields.Double("weightDecay") });
    }

    internal static Initializer ReadInitializer(JsonFields fields) => Ended<Initializer>(fields, fields.Text("type") switch
    {
        "constant" => new ConstantInitializer(fields.Single("value")),
        "uniform" => new UniformInitializer(fields.Single("low"), fields.Single("high")),
        "normal" => new NormalInitializer(fields.Single("mean"), fields.Single("std")),
        "scaledNormal" => new ScaledInitializer(fields.Name("fan", SpecNames.Fan), true, fields.Single("gain")),
        "scaledUniform" => new ScaledInitializer(fields.Name("fan", SpecNames.Fan), false, fields.Single("gain")),
        var type => throw Unknown(fields, type, "initializer"),
    });

    private static LearningRateSchedule ReadSchedule(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        return Ended<LearningRateSchedule>(fields, fields.Text("type") switch
        {
            "constant" => LearningRateSchedule.Constant,
            "step" => new StepSchedule(fields.Int64("stepSize"), fields.Double("gamma")),
            "cosine" => new CosineSchedule(fields.Int64("tMax"), fields.Double("etaMin")),
            "warmUp" => new WarmUpSchedule(fields.Int64("totalIters"), fields.Double("startFactor"),
                ReadSchedule(fields.Take("then"), fields.PathOf("then"))),
            var type => throw Unknown(fields, type, "schedule"),
        });
    }

    private static GradientClipping ReadClipping(JsonFields fields) =>
        Ended(fields, fields.Name("type", SpecNames.Clipping) switch
        {
            ClippingMode.Value => GradientClipping.ByValue(fields.Double("limit")),
            ClippingMode.GlobalNorm => GradientClipping.ByGlobalNorm(fields.Double("limit")),
            _ => GradientClipping.None,
        });

    internal static ConsistencyPolicy ReadConsistency(JsonFields fields) =>
        Ended(fields, fields.Name("type", SpecNames.Consistency) switch
        {
            ConsistencyMode.BulkSynchronous => ConsistencyPolicy.BulkSynchronous,
            ConsistencyMode.Asynchronous => ConsistencyPolicy.Asynchronous,
            _ => ReadStaleness(fields),
        });

    private static ConsistencyPolicy ReadStaleness(JsonFields fields)
    {
        var staleness = fields.Int32("staleness");
        try
        {
            return ConsistencyPolicy.StaleSynchronous(staleness);
        }
        catch (InvalidSpecException e)
        {
            throw new JsonException(e.Message);
        }
    }

    // Written only where there is one, so that specs from before there was any read the same.
    private static StalenessCompensation ReadCompensation(JsonFields fields) =>
        Ended(fields, fields.Name("type", SpecNames.Compensation) == CompensationMode.DcAsgd
            ? StalenessCompensation.DcAsgd(fields.Double("lambda"))
            : StalenessCompensation.ByLr());

    private static DurabilityPolicy ReadDurability(JsonFields fields)
    {
        var (every, keep) = (fields.Int64("everyClocks"), fields.Int32("keep"));
        TimeSpan? interval = fields.Optional("interval") is { } time
            ? JsonFields.TimeSpan(time, fields.PathOf("interval"))
            : null;
        return Ended(fields, fields.Text("type") switch
        {
            "snapshot" => DurabilityPolicy.Snapshot(every, interval, keep),
            "replicated" => DurabilityPolicy.Replicated(every, interval, keep),
            var type => throw Unknown(fields, type, "durability"),
        });
    }

    private static double? ReadNumber(JsonFields fields, string name) =>
        fields.Optional(name) is { } number ? JsonFields.Double(number, fields.PathOf(name)) : null;

    private static T Ended<T>(JsonFields fields, T value)
    {
        fields.End();
        return value;
    }

    private static JsonException Unknown(JsonFields fields, string type, string kind) =>
        new($"{fields.PathOf("type")} is '{type}', which is no {kind} that this program knows.");
}
