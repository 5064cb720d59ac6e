namespace OrleansPs.Abstractions.Tests;

/// <summary>Every rule of a spec, by one value that breaks it and one that just keeps it.</summary>
public class ModelSpecValidatorTests
{
    // As float32, 0 and 1.
    private const double BelowFloats = float.Epsilon / 2d;
    private const double BelowOne = 1 - 1e-8;

    private static readonly ModelSpec Good = new("m")
    { Parameters = [new("w", [2, 3]) { Group = "g" }, new("b", [3])], Optimizer = Optimizer.Sgd(), Groups = [new("g")] };

    private static readonly (ModelSpec Spec, string Parameter, object? Value, string Rule)[] Broken =
    [
        .. new[] { "", ".", ".m", "a/b", "a b", "ä", "a\0", new string('x', 129), null }
            .Select(name => (Named(name!), "Name", (object?)name, "1 to 128 letters, digits, '.', '-' or '_', and not start with '.'")),

        (Good with { Workers = 0 }, "Workers", 0, "1 to 4096"),
        (Good with { Workers = 4097 }, "Workers", 4097, "1 to 4096"),
        (Good with { Workers = 3, BackupWorkers = 3 }, "BackupWorkers", 3, "0 to Workers - 1"),
        (Good with { BackupWorkers = -1 }, "BackupWorkers", -1, "0 to Workers - 1"),
        (Good with { MaxWorkers = -1 }, "MaxWorkers", -1, "0, or Workers to 4096"),
        (Good with { Workers = 3, MaxWorkers = 2 }, "MaxWorkers", 2, "0, or Workers to 4096"),
        (Good with { MaxWorkers = 4097 }, "MaxWorkers", 4097, "0, or Workers to 4096"),
        (Good with { BlockBytes = 4032 }, "BlockBytes", 4032, "4 KiB to 64 MiB"),
        (Good with { BlockBytes = (64 << 20) + 64 }, "BlockBytes", (64 << 20) + 64, "4 KiB to 64 MiB"),
        (Good with { BlockBytes = 4100 }, "BlockBytes", 4100, "multiple of 64"),
        (Good with { BlockBytes = -4096 }, "BlockBytes", -4096, "4 KiB to 64 MiB"),
        (Good with { Lease = TimeSpan.FromMilliseconds(99) }, "Lease", TimeSpan.FromMilliseconds(99), "100 ms to 1 hour"),
        (Good with { Lease = TimeSpan.FromMilliseconds(3600001) }, "Lease", TimeSpan.FromMilliseconds(3600001), "100 ms to 1 hour"),
        (Good with { PushesPerStep = 0 }, "PushesPerStep", 0, "1 to 4096"),
        (Good with { PushesPerStep = 4097 }, "PushesPerStep", 4097, "1 to 4096"),

        (Good with { Groups = [new("g"), new("")] }, "Groups", "", "not be empty"),
        (Good with { Groups = [new("g"), new("g")] }, "Groups", "g", "unique"),
        (Good with { Groups = [new("g"), new("\uD800")] }, "Groups", "\uD800", "well-formed Unicode"),
        (Good with { Groups = [new("g") { Lr = -1 }] }, "Groups['g'].Lr", -1.0, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { Lr = double.NaN }] }, "Groups['g'].Lr", double.NaN, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { WeightDecay = double.PositiveInfinity }] }, "Groups['g'].WeightDecay", double.PositiveInfinity, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { Lr = 1e39 }] }, "Groups['g'].Lr", 1e39, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { Lr = -1e-50 }] }, "Groups['g'].Lr", -1e-50, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { WeightDecay = 1e39 }] }, "Groups['g'].WeightDecay", 1e39, ">= 0 and finite as float32"),
        (Good with { Groups = [new("g") { WeightDecay = -0.1 }] }, "Groups['g'].WeightDecay", -0.1, ">= 0 and finite as float32"),
        (Good with { Groups = null! }, "Groups", null, "must not be missing"),
        (Good with { Groups = [new("g"), null!] }, "Groups", null, "must not be missing"),

        (Good with { Parameters = [] }, "Parameters", 0, "at least one"),
        (Good with { Parameters = null! }, "Parameters", null, "at least one"),
        (Good with { Parameters = [new("w", [1]), null!] }, "Parameters", null, "must not be missing"),
        (With(new("", [1])), "Parameters", "", "1 to 256 characters"),
        (With(new(null!, [1])), "Parameters", null, "1 to 256 characters"),
        (With(new(new string('x', 257), [1])), "Parameters", new string('x', 257), "1 to 256 characters"),
        (With(new("\uDC00", [1])), "Parameters", "\uDC00", "well-formed Unicode"),
        (Good with { Parameters = [new("w", [1]), new("w", [2])] }, "Parameters", "w", "unique"),
        (With(new("w", [0])), "Parameters['w'].Shape", "[0]", "every dimension must be >= 1"),
        (With(new("w", [2, -1])), "Parameters['w'].Shape", "[2, -1]", "every dimension must be >= 1"),
        (With(new("w", [-2, -2])), "Parameters['w'].Shape", "[-2, -2]", "every dimension must be >= 1"),
        (With(new("w", [1 << 16, 1 << 16])), "Parameters['w'].Shape", "[65536, 65536]", $"at most {Array.MaxLength}"),
        (With(new("w", [int.MaxValue, int.MaxValue, int.MaxValue])), "Parameters['w'].Shape", "[2147483647, 2147483647, 2147483647]", "at most"),
        (With(new("w", [int.MaxValue])), "Parameters['w'].Shape", "[2147483647]", "at most"),
        (With(new("w", null!)), "Parameters['w'].Shape", null, "every dimension"),
        (With(new("w", [1]) { Group = "h" }), "Parameters['w'].Group", "h", "no group of this name"),

        .. Optimizers(optimizer => Good with { Optimizer = optimizer }, "Optimizer"),
        .. Optimizers(optimizer => With(new("w", [1]) { Optimizer = optimizer }), "Parameters['w'].Optimizer"),
        (Good with { Optimizer = null! }, "Optimizer", null, "needs one"),
        (Good with { Optimizer = Optimizer.RowwiseAdagrad() }, "Parameters['w'].Optimizer", "RowwiseAdagrad", "embedding tables alone"),
        (With(new("w", [1]) { Optimizer = Optimizer.RowwiseAdagrad(eps: 0) }), "Parameters['w'].Optimizer.Eps", 0.0, "above 0"),
        (With(new("w", [1]) { Optimizer = Optimizer.RowwiseAdagrad(initialAccumulatorValue: -1) }),
            "Parameters['w'].Optimizer.InitialAccumulatorValue", -1.0, ">= 0"),

        .. Initializers(),

        (Good with { Clipping = GradientClipping.ByValue(0) }, "Clipping.Limit", 0.0, "above 0 and finite as float32"),
        (Good with { Clipping = GradientClipping.ByGlobalNorm(-1) }, "Clipping.Limit", -1.0, "above 0 and finite as float32"),
        (Good with { Clipping = GradientClipping.ByGlobalNorm(double.PositiveInfinity) }, "Clipping.Limit", double.PositiveInfinity, "above 0 and finite as float32"),
        (Good with { Clipping = GradientClipping.ByValue(double.NaN) }, "Clipping.Limit", double.NaN, "above 0 and finite as float32"),
        (Good with { Clipping = GradientClipping.ByValue(BelowFloats) }, "Clipping.Limit", BelowFloats, "above 0 and finite as float32"),
        (Good with { Clipping = GradientClipping.ByGlobalNorm(1e39) }, "Clipping.Limit", 1e39, "above 0 and finite as float32"),
        (Good with { Clipping = null! }, "Clipping", null, "must not be missing"),
        (Good with { Consistency = null! }, "Consistency", null, "must not be missing"),
        (Good with { Durability = null! }, "Durability", null, "must not be missing"),
        (Good with { Compensation = null! }, "Compensation", null, "must not be missing"),
        (Good with { Compensation = StalenessCompensation.ByLr() }, "Compensation", CompensationMode.Lr, "SSP and ASP alone"),
        (Good with { Compensation = StalenessCompensation.DcAsgd() }, "Compensation", CompensationMode.DcAsgd, "SSP and ASP alone"),
        (Good with { Compensation = StalenessCompensation.DcAsgd(0) }, "Compensation.Lambda", 0.0, "above 0 and finite as float32"),
        (Good with { Compensation = StalenessCompensation.DcAsgd(double.NaN) }, "Compensation.Lambda", double.NaN, "above 0 and finite as float32"),
        (Late(StalenessCompensation.DcAsgd()) with { StagingBytes = 107 }, "StagingBytes", 107L, "needs 108 bytes to keep what 3 workers last pulled"),
        (Good with { Compression = null! }, "Compression", null, "must not be missing"),
        (Good with { PullCompression = null! }, "PullCompression", null, "must not be missing"),
        (Good with { PullCompression = GradientCompression.OneBit }, "PullCompression", GradientCompressionMode.OneBit, "None, Bf16 or Int8"),
        (Good with { Groups = [new("g") { PullCompression = GradientCompression.TopK() }] }, "Groups['g'].PullCompression", GradientCompressionMode.TopK, "None, Bf16 or Int8"),
        (With(new("w", [1]) { PullCompression = GradientCompression.TopK() }), "Parameters['w'].PullCompression", GradientCompressionMode.TopK, "None, Bf16 or Int8"),
        (Good with { PullCompression = GradientCompression.Int8, BlockBytes = 4160 }, "BlockBytes", 4160, "where pulls are Int8, as those of 'w', it must be a multiple of 1024"),
        (Good with { Compression = GradientCompression.TopK(0) }, "Compression.K", 0.0, "above 0 and at most 0.5"),
        (Good with { Compression = GradientCompression.TopK(double.NaN) }, "Compression.K", double.NaN, "above 0 and at most 0.5"),
        (Good with { Groups = [new("g") { Compression = GradientCompression.TopK(0.51) }] }, "Groups['g'].Compression.K", 0.51, "above 0 and at most 0.5"),
        (With(new("w", [1]) { Compression = GradientCompression.TopK(-1) }), "Parameters['w'].Compression.K", -1.0, "above 0 and at most 0.5"),
        (With(new("w", [Array.MaxLength]) { Compression = GradientCompression.TopK(0.5) }), "Parameters['w'].Compression.K", 0.5, "more than 134217727"),
        (Good with { Compression = GradientCompression.OneBit, NonFinite = NonFinitePolicy.Accept },
            "Parameters['w'].Compression", GradientCompressionMode.OneBit, "NonFinite must not be Accept"),
        (Good with { Compression = GradientCompression.TopK(), Optimizer = Optimizer.Assign() },
            "Parameters['w'].Compression", GradientCompressionMode.TopK, "would be lost"),
        (Good with { Reduction = (Reduction)2 }, "Reduction", (Reduction)2, "Mean or Sum"),
        (Good with { NonFinite = (NonFinitePolicy)(-1) }, "NonFinite", (NonFinitePolicy)(-1), "Reject, Skip or Accept"),
        (Good with { Durability = DurabilityPolicy.Snapshot(-1) }, "Durability.EveryClocks", -1L, ">= 0"),
        (Good with { Durability = DurabilityPolicy.Snapshot(0, TimeSpan.FromMilliseconds(99)) }, "Durability.Interval", TimeSpan.FromMilliseconds(99), "at least 100 ms"),
        (Good with { Durability = DurabilityPolicy.Replicated(keep: 0) }, "Durability.Keep", 0, "1 to 1,000"),
        (Good with { Durability = DurabilityPolicy.Snapshot(keep: 1001) }, "Durability.Keep", 1001, "1 to 1,000"),

        (Scheduled(LearningRateSchedule.Step(0)), "Schedule.StepSize", 0L, ">= 1"),
        (Scheduled(LearningRateSchedule.Step(1, 0)), "Schedule.Gamma", 0.0, "finite number above 0"),
        (Scheduled(LearningRateSchedule.Step(1, double.PositiveInfinity)), "Schedule.Gamma", double.PositiveInfinity, "finite number above 0"),
        (Scheduled(LearningRateSchedule.Cosine(0)), "Schedule.TMax", 0L, ">= 1"),
        (Scheduled(LearningRateSchedule.Cosine(1, -0.1)), "Schedule.EtaMin", -0.1, "0 to 1"),
        (Scheduled(LearningRateSchedule.Cosine(1, 1.1)), "Schedule.EtaMin", 1.1, "0 to 1"),
        (Scheduled(LearningRateSchedule.Cosine(1, double.NaN)), "Schedule.EtaMin", double.NaN, "0 to 1"),
        (Scheduled(LearningRateSchedule.WarmUp(0)), "Schedule.TotalIters", 0L, ">= 1"),
        (Scheduled(LearningRateSchedule.WarmUp(1, 0)), "Schedule.StartFactor", 0.0, "above 0 and at most 1"),
        (Scheduled(LearningRateSchedule.WarmUp(1, 1.1)), "Schedule.StartFactor", 1.1, "above 0 and at most 1"),
        (Scheduled(LearningRateSchedule.WarmUp(1, double.NaN)), "Schedule.StartFactor", double.NaN, "above 0 and at most 1"),
        (Scheduled(LearningRateSchedule.WarmUp(1, then: LearningRateSchedule.Step(0))), "Schedule.Then.StepSize", 0L, ">= 1"),
        (Scheduled(new WarmUpSchedule(1, 1, null!)), "Schedule.Then", null, "must not be missing"),
        (Scheduled(null!), "Schedule", null, "must not be missing"),

        (Good with { StagingBytes = 35 }, "StagingBytes", 35L, "BSP needs 36 bytes to hold the gradients of 1 workers"),
        (Good with { MaxWorkers = 5, StagingBytes = 179 }, "StagingBytes", 179L, "BSP needs 180 bytes to hold the gradients of 5 workers"),
        (Good with { StagingBytes = -1 }, "StagingBytes", -1L, "BSP needs 36 bytes"),
    ];

    private static readonly ModelSpec[] JustRight =
    [
        Good,
        Named("x"), Named(new string('x', 128)), Named("A.b_c-9"), Named("0"), Named("a."),
        Good with { Workers = 4096 }, Good with { Workers = 4096, BackupWorkers = 4095 },
        Good with { Workers = 2, MaxWorkers = 2 }, Good with { MaxWorkers = 4096 },
        Good with { BlockBytes = 4096 }, Good with { BlockBytes = 64 << 20 },
        Good with { Lease = TimeSpan.FromMilliseconds(100) }, Good with { Lease = TimeSpan.FromHours(1) },
        Good with { PushesPerStep = 1 }, Good with { PushesPerStep = 4096 },
        Good with { Groups = [new("g") { Lr = 0, WeightDecay = 0, Frozen = true }] },
        With(new("w", [])), With(new(new string('x', 256), [1])), With(new("\U0001F600", [1])), With(new("w", [1], null)),
        With(new("w", [Array.MaxLength])) with { Consistency = ConsistencyPolicy.Asynchronous },
        With(new("w", [1], Initializer.Uniform(1, 1))), With(new("w", [1], Initializer.Normal(0, 0))),
        Good with { Optimizer = Optimizer.Sgd(lr: 0, momentum: 1, dampening: 1) },
        Good with { Optimizer = Optimizer.Sgd(momentum: 0.1, nesterov: true) },
        Good with { Optimizer = Optimizer.Adam(beta1: 0, beta2: 0, eps: float.Epsilon) },
        Good with { Optimizer = Optimizer.Adam(lr: float.MaxValue, weightDecay: float.MaxValue, eps: float.MaxValue) },
        Good with { Optimizer = Optimizer.Adam(beta1: MathF.BitDecrement(1), beta2: MathF.BitDecrement(1)) },
        Good with { Optimizer = Optimizer.Sgd(momentum: float.Epsilon, nesterov: true) },
        Good with { Optimizer = Optimizer.Adagrad(lr: 0, lrDecay: 0, initialAccumulatorValue: float.MaxValue, eps: float.Epsilon) },
        Good with { Optimizer = Optimizer.RmsProp(alpha: 0, momentum: 1) }, Good with { Optimizer = Optimizer.RmsProp(centered: true) },
        Good with { Optimizer = Optimizer.FtrlProximal(0, float.Epsilon, float.MaxValue, float.MaxValue) },
        Good with { Optimizer = Optimizer.RowwiseAdagrad(), Parameters = [new("w", [1]) { Optimizer = Optimizer.Sgd() }] },
        Good with { Optimizer = Optimizer.Sum() }, Good with { Optimizer = Optimizer.Assign() },
        Good with { Clipping = GradientClipping.ByValue(float.Epsilon) },
        Good with { Clipping = GradientClipping.ByGlobalNorm(float.MaxValue) },
        Good with { Durability = DurabilityPolicy.Snapshot(long.MaxValue, TimeSpan.FromMilliseconds(100), 1000) },
        Scheduled(LearningRateSchedule.Step(1, 2)), Scheduled(LearningRateSchedule.Cosine(1, 0)), Scheduled(LearningRateSchedule.Cosine(1, 1)),
        Scheduled(LearningRateSchedule.WarmUp(1, 1, LearningRateSchedule.WarmUp(2, 0.5, LearningRateSchedule.Step(3)))),
        Good with { PullCompression = GradientCompression.Bf16, BlockBytes = 4160 }, Good with { PullCompression = GradientCompression.Int8, BlockBytes = 5120 },
        Good with { Compression = GradientCompression.TopK(0.5) }, Good with { Compression = GradientCompression.TopK(double.Epsilon) },
        Good with { Compression = GradientCompression.Int8, NonFinite = NonFinitePolicy.Accept, Optimizer = Optimizer.Assign() },
        Good with { StagingBytes = 36 }, Good with { MaxWorkers = 5, StagingBytes = 180 },
        Good with { Consistency = ConsistencyPolicy.Asynchronous, StagingBytes = 0 },
        Late(StalenessCompensation.ByLr()) with { StagingBytes = 0 }, Late(StalenessCompensation.DcAsgd(float.Epsilon)),
        Good with { Consistency = ConsistencyPolicy.StaleSynchronous(0), StagingBytes = 0 },
    ];

    public static TheoryData<int, string> BrokenSpecs
    {
        get
        {
            var data = new TheoryData<int, string>();
            for (var i = 0; i < Broken.Length; i++) data.Add(i, Broken[i].Parameter);
            return data;
        }
    }

    public static TheoryData<int> GoodSpecs => [.. Enumerable.Range(0, JustRight.Length)];

    [Theory]
    [MemberData(nameof(BrokenSpecs))]
    public void A_value_that_breaks_a_rule_is_named_with_the_rule(int index, string parameter)
    {
        var (spec, _, value, rule) = Broken[index];
        var e = Assert.Throws<InvalidSpecException>(spec.Validate);
        Assert.Equal(parameter, e.Parameter);
        Assert.Equal(value, e.Value);
        Assert.Contains(rule, e.Rule, StringComparison.Ordinal);
        Assert.Contains(parameter, e.Message, StringComparison.Ordinal);
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs))]
    public void A_value_at_the_edge_of_its_range_is_valid(int index) => JustRight[index].Validate();

    [Fact]
    public void Every_default_is_valid()
    {
        foreach (var optimizer in (Optimizer[])[Optimizer.Sgd(), Optimizer.Adam(), Optimizer.AdamW(),
            Optimizer.Adagrad(), Optimizer.RmsProp(), Optimizer.FtrlProximal(), Optimizer.Sum(), Optimizer.Assign()])
        {
            foreach (var initializer in (Initializer?[])[null, Initializer.Zeros, Initializer.Normal(), Initializer.XavierUniform(),
                Initializer.XavierNormal(), Initializer.HeUniform(), Initializer.HeNormal()])
            {
                new ModelSpec("m") { Parameters = [new("w", [2], initializer)], Optimizer = optimizer }.Validate();
            }
        }
        foreach (var schedule in (LearningRateSchedule[])[LearningRateSchedule.Constant, LearningRateSchedule.Step(1),
            LearningRateSchedule.Cosine(1), LearningRateSchedule.WarmUp(1)])
        {
            Scheduled(schedule).Validate();
        }
        (Good with { Durability = DurabilityPolicy.Replicated() }).Validate();
    }

    [Fact]
    public void Schedules_nest_only_so_deep()
    {
        Scheduled(Nested(16)).Validate();
        var e = Assert.Throws<InvalidSpecException>(Scheduled(Nested(17)).Validate);
        Assert.Contains("16 warm-ups", e.Rule, StringComparison.Ordinal);
        Assert.Throws<InvalidSpecException>(Scheduled(Nested(100_000)).Validate);
    }

    [Fact]
    public void Staging_that_no_number_holds_is_refused()
    {
        var huge = Enumerable.Range(0, (1 << 18) + 10).Select(i => new DenseParameter($"{i}", [Array.MaxLength])).ToArray();
        var e = Assert.Throws<InvalidSpecException>((Good with { Parameters = huge, MaxWorkers = 4096, StagingBytes = long.MaxValue }).Validate);
        Assert.Equal("StagingBytes", e.Parameter);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000_001)]
    [InlineData(int.MinValue)]
    public void A_staleness_out_of_its_range_is_refused_at_once(int staleness)
    {
        var e = Assert.Throws<InvalidSpecException>(() => ConsistencyPolicy.StaleSynchronous(staleness));
        Assert.Equal(("Consistency.Staleness", (object)staleness), (e.Parameter, e.Value));
        ConsistencyPolicy.StaleSynchronous(0);
        ConsistencyPolicy.StaleSynchronous(1_000_000);
    }

    private static IEnumerable<(ModelSpec, string, object?, string)> Optimizers(Func<Optimizer, ModelSpec> spec, string path) =>
    [
        (spec(Optimizer.Sgd(lr: -1)), path + ".Lr", -1.0, ">= 0 and finite as float32"),
        (spec(Optimizer.Adam(lr: double.NaN)), path + ".Lr", double.NaN, ">= 0 and finite as float32"),
        (spec(Optimizer.Sum() with { Lr = double.PositiveInfinity }), path + ".Lr", double.PositiveInfinity, ">= 0 and finite as float32"),
        (spec(Optimizer.AdamW(weightDecay: -1)), path + ".WeightDecay", -1.0, ">= 0 and finite as float32"),
        (spec(Optimizer.Sgd(weightDecay: double.NaN)), path + ".WeightDecay", double.NaN, ">= 0 and finite as float32"),
        (spec(Optimizer.Sgd(momentum: -0.1)), path + ".Momentum", -0.1, "0 to 1"),
        (spec(Optimizer.Sgd(momentum: 1.1)), path + ".Momentum", 1.1, "0 to 1"),
        (spec(Optimizer.Sgd(momentum: double.NaN)), path + ".Momentum", double.NaN, "0 to 1"),
        (spec(Optimizer.Sgd(dampening: -0.1)), path + ".Dampening", -0.1, "0 to 1"),
        (spec(Optimizer.Sgd(dampening: 1.1)), path + ".Dampening", 1.1, "0 to 1"),
        (spec(Optimizer.Sgd(nesterov: true)), path + ".Nesterov", true, "momentum above 0"),
        (spec(Optimizer.Sgd(momentum: 0.9, dampening: 0.1, nesterov: true)), path + ".Nesterov", true, "dampening of 0"),
        (spec(Optimizer.Adam(beta1: 1)), path + ".Beta1", 1.0, "below 1"),
        (spec(Optimizer.Adam(beta1: -0.1)), path + ".Beta1", -0.1, "0 or more"),
        (spec(Optimizer.Adam(beta2: 1)), path + ".Beta2", 1.0, "below 1"),
        (spec(Optimizer.AdamW(beta2: double.NaN)), path + ".Beta2", double.NaN, "below 1"),
        (spec(Optimizer.Sgd(lr: 1e39)), path + ".Lr", 1e39, ">= 0 and finite as float32"),
        (spec(Optimizer.Sgd(lr: -1e-50)), path + ".Lr", -1e-50, ">= 0 and finite as float32"),
        (spec(Optimizer.AdamW(weightDecay: 1e39)), path + ".WeightDecay", 1e39, ">= 0 and finite as float32"),
        (spec(Optimizer.Sgd(momentum: BelowFloats, nesterov: true)), path + ".Nesterov", true, "momentum above 0 as float32"),
        (spec(Optimizer.Adam(beta1: BelowOne)), path + ".Beta1", BelowOne, "below 1 as float32"),
        (spec(Optimizer.Adam(beta2: BelowOne)), path + ".Beta2", BelowOne, "below 1 as float32"),
        (spec(Optimizer.Adam(eps: double.Epsilon)), path + ".Eps", double.Epsilon, "above 0 and finite as float32"),
        (spec(Optimizer.Adam(eps: BelowFloats)), path + ".Eps", BelowFloats, "above 0 and finite as float32"),
        (spec(Optimizer.Adam(eps: 1e39)), path + ".Eps", 1e39, "above 0 and finite as float32"),
        (spec(Optimizer.Adam(eps: 0)), path + ".Eps", 0.0, "above 0"),
        (spec(Optimizer.Adam(eps: double.PositiveInfinity)), path + ".Eps", double.PositiveInfinity, "finite"),
        (spec(Optimizer.Adagrad(lrDecay: -1)), path + ".LrDecay", -1.0, ">= 0 and finite as float32"),
        (spec(Optimizer.Adagrad(initialAccumulatorValue: double.NaN)), path + ".InitialAccumulatorValue", double.NaN, ">= 0 and finite as float32"),
        (spec(Optimizer.Adagrad(eps: 0)), path + ".Eps", 0.0, "above 0"),
        (spec(Optimizer.RmsProp(alpha: -0.1)), path + ".Alpha", -0.1, "0 or more"),
        (spec(Optimizer.RmsProp(alpha: BelowOne)), path + ".Alpha", BelowOne, "below 1 as float32"),
        (spec(Optimizer.RmsProp(eps: BelowFloats)), path + ".Eps", BelowFloats, "above 0 and finite as float32"),
        (spec(Optimizer.RmsProp(momentum: 1.1)), path + ".Momentum", 1.1, "0 to 1"),
        (spec(Optimizer.RmsProp(momentum: 0.9, centered: true)), path + ".Centered", true, "with a momentum of 0 alone"),
        (spec(Optimizer.FtrlProximal(alpha: -1)), path + ".Lr", -1.0, ">= 0 and finite as float32"),
        (spec(Optimizer.FtrlProximal(beta: 0)), path + ".Beta", 0.0, "above 0 and finite as float32"),
        (spec(Optimizer.FtrlProximal(l1: -1)), path + ".L1", -1.0, ">= 0 and finite as float32"),
        (spec(Optimizer.FtrlProximal(l2: 1e39)), path + ".L2", 1e39, ">= 0 and finite as float32"),
    ];

    private static IEnumerable<(ModelSpec, string, object?, string)> Initializers() =>
    [
        (Initialized(Initializer.Constant(float.NaN)), "Parameters['w'].Initializer.Value", float.NaN, "must be finite"),
        (Initialized(Initializer.Uniform(float.NegativeInfinity, 0)), "Parameters['w'].Initializer.Low", float.NegativeInfinity, "must be finite"),
        (Initialized(Initializer.Uniform(0, float.NaN)), "Parameters['w'].Initializer.High", float.NaN, "must be finite"),
        (Initialized(Initializer.Uniform(2, 1)), "Parameters['w'].Initializer.High", 1f, "at least Low"),
        (Initialized(Initializer.Uniform(float.MinValue, float.MaxValue)), "Parameters['w'].Initializer.High", float.MaxValue, "no further from Low"),
        (Initialized(Initializer.Normal(float.NaN, 1)), "Parameters['w'].Initializer.Mean", float.NaN, "must be finite"),
        (Initialized(Initializer.Normal(0, -1)), "Parameters['w'].Initializer.Std", -1f, "finite and >= 0"),
        (Initialized(Initializer.Normal(0, float.PositiveInfinity)), "Parameters['w'].Initializer.Std", float.PositiveInfinity, "finite and >= 0"),
        (Initialized(Initializer.XavierNormal(0)), "Parameters['w'].Initializer.Gain", 0f, "finite and above 0"),
        (Initialized(Initializer.XavierUniform(float.PositiveInfinity)), "Parameters['w'].Initializer.Gain", float.PositiveInfinity, "finite and above 0"),
        (Initialized(new ScaledInitializer((FanMode)2, true, 1)), "Parameters['w'].Initializer.Fan", (FanMode)2, "In or Average"),
    ];

    private static ModelSpec Named(string name) => new(name) { Parameters = [new("w", [1])], Optimizer = Optimizer.Sgd() };

    private static ModelSpec With(DenseParameter parameter) => Good with { Parameters = [parameter] };

    private static ModelSpec Initialized(Initializer initializer) => With(new("w", [1], initializer));

    private static ModelSpec Late(StalenessCompensation compensation) => Good with
    { Compensation = compensation, Consistency = ConsistencyPolicy.StaleSynchronous(1), Workers = 3, StagingBytes = 108 };

    private static ModelSpec Scheduled(LearningRateSchedule schedule) => Good with { Schedule = schedule };

    private static LearningRateSchedule Nested(int depth) =>
        Enumerable.Range(0, depth).Aggregate(LearningRateSchedule.Constant, (then, _) => LearningRateSchedule.WarmUp(1, 0.5, then));
}
