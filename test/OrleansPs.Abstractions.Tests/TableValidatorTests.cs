namespace OrleansPs.Abstractions.Tests;

/// <summary>Every rule of a table, by one value that breaks it and one that just keeps it.</summary>
public class TableValidatorTests
{
    private static readonly EmbeddingTable Plain = new("t", 4);

    private static readonly ModelSpec Good = new("m")
    { Parameters = [new("w", [3])], Tables = [Plain], Optimizer = Optimizer.Sgd(), Groups = [new("g")] };

    private static readonly (ModelSpec Spec, string Parameter, object? Value, string Rule)[] Broken =
    [
        (Good with { Tables = null! }, "Tables", null, "must not be missing"),
        (Good with { Tables = [Plain, null!] }, "Tables", null, "must not be missing"),
        (Good with { Parameters = [], Tables = [] }, "Parameters", 0, "at least one, or a table"),
        (Good with { Parameters = null! }, "Parameters", null, "at least one, or a table"),
        (With(Plain with { Name = "" }), "Tables", "", "1 to 256 characters"),
        (With(Plain with { Name = null! }), "Tables", null, "1 to 256 characters"),
        (With(Plain with { Name = new string('x', 257) }), "Tables", new string('x', 257), "1 to 256 characters"),
        (With(Plain with { Name = "\uD800" }), "Tables", "\uD800", "well-formed Unicode"),
        (With(Plain with { Name = "w" }), "Tables", "w", "not that of another table or parameter"),
        (Good with { Tables = [Plain, Plain] }, "Tables", "t", "not that of another table or parameter"),
        (With(Plain with { Width = 0 }), "Tables['t'].Width", 0, "1 to 65,536"),
        (With(Plain with { Width = 65_537 }), "Tables['t'].Width", 65_537, "1 to 65,536"),
        (With(Plain with { Shards = 0 }), "Tables['t'].Shards", 0, "1 to 4,096"),
        (With(Plain with { Shards = 4097 }), "Tables['t'].Shards", 4097, "1 to 4,096"),
        (With(Plain with { MaxRowsPerStep = 0 }), "Tables['t'].MaxRowsPerStep", 0, "1 to 16,777,216"),
        (With(Plain with { MaxRowsPerStep = (1 << 24) + 1 }), "Tables['t'].MaxRowsPerStep", (1 << 24) + 1, "1 to 16,777,216"),
        (With(Plain with { Width = 65_536, MaxRowsPerStep = 32_768 }), "Tables['t'].MaxRowsPerStep", 32_768, $"at most {Array.MaxLength} floats"),
        (With(Plain with { Group = "h" }), "Tables['t'].Group", "h", "no group of this name"),
        (With(Plain with { Optimizer = Optimizer.Sgd(-1) }), "Tables['t'].Optimizer.Lr", -1.0, ">= 0 and finite"),
        (With(Plain with { Initializer = Initializer.Constant(float.NaN) }), "Tables['t'].Initializer.Value", float.NaN, "must be finite"),
        (Living(new() { AdmitAfter = 0 }), "Tables['t'].Lifetime.AdmitAfter", 0, "1 to 255"),
        (Living(new() { AdmitAfter = 256 }), "Tables['t'].Lifetime.AdmitAfter", 256, "1 to 255"),
        (Living(new() { SketchBytes = 4095 }), "Tables['t'].Lifetime.SketchBytes", 4095, "4,096 to 2^30"),
        (Living(new() { SketchBytes = (1 << 30) + 1 }), "Tables['t'].Lifetime.SketchBytes", (1 << 30) + 1, "4,096 to 2^30"),
        (Living(new() { AdmitAfter = 2, SketchBytes = 8191 }), "Tables['t'].Lifetime.SketchBytes", 8191, "1,024 a shard"),
        (Living(new() { TimeToLive = -1 }), "Tables['t'].Lifetime.TimeToLive", -1L, ">= 0"),
        (Living(new() { Capacity = -1 }), "Tables['t'].Lifetime.Capacity", -1L, "0, or at least 64 a shard"),
        (Living(new() { Capacity = 511 }), "Tables['t'].Lifetime.Capacity", 511L, "0, or at least 64 a shard"),
        // Two ranks, each with three floats and five rows of four floats and a key.
        (With(Plain with { MaxRowsPerStep = 5 }) with { MaxWorkers = 2, StagingBytes = 263 }, "StagingBytes", 263L, "BSP needs 264 bytes"),
    ];

    private static readonly ModelSpec[] JustRight =
    [
        Good, Good with { Parameters = [] }, With(Plain with { Name = new string('x', 256) }), Good with { Tables = [Plain, Plain with { Name = "T" }] },
        With(Plain with { Width = 1, Shards = 1, MaxRowsPerStep = 1 }), With(Plain with { Width = 65_536, Shards = 4096, MaxRowsPerStep = 32_767 }) with { StagingBytes = long.MaxValue },
        With(Plain with { Width = 1, MaxRowsPerStep = 1 << 24 }), With(Plain with { Group = "g", Optimizer = Optimizer.RowwiseAdagrad() }),
        With(Plain) with { Optimizer = Optimizer.RowwiseAdagrad(), Parameters = [] },
        Living(new() { AdmitAfter = 255, SketchBytes = 8192, TimeToLive = 1, Capacity = 512 }),
        Living(new() { SketchBytes = 4096, TimeToLive = long.MaxValue, Capacity = long.MaxValue }), Living(new() { AdmitAfter = 2, SketchBytes = 1 << 30 }),
        // A sketch that nobody needs is as small as it likes.
        With(Plain with { Shards = 4096, Lifetime = new() { TimeToLive = 5 } }),
        With(Plain with { MaxRowsPerStep = 5 }) with { MaxWorkers = 2, StagingBytes = 264 },
        With(Plain) with { Consistency = ConsistencyPolicy.Asynchronous, StagingBytes = 0 },
    ];

    public static TheoryData<int> BrokenSpecs => [.. Enumerable.Range(0, Broken.Length)];

    public static TheoryData<int> GoodSpecs => [.. Enumerable.Range(0, JustRight.Length)];

    [Theory]
    [MemberData(nameof(BrokenSpecs))]
    public void A_broken_rule_is_named_with_parameter_and_value(int index)
    {
        var (spec, parameter, value, rule) = Broken[index];
        var e = Assert.Throws<InvalidSpecException>(spec.Validate);
        Assert.Equal((parameter, value), (e.Parameter, e.Value));
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodSpecs))]
    public void What_just_keeps_the_rules_is_valid(int index) => JustRight[index].Validate();

    [Fact]
    public void A_table_has_the_optimizer_and_the_group_that_it_names()
    {
        var spec = Good with { Tables = [Plain with { Optimizer = Optimizer.Adam(), Group = "g" }, Plain], Groups = [new("g") { Lr = 0.5 }] };
        Assert.Equal(Optimizer.Adam(0.5), spec.OptimizerOf(spec.Tables[0]));
        Assert.Equal("g", spec.GroupOf(spec.Tables[0])?.Name);
        Assert.Equal(Optimizer.Sgd(), spec.OptimizerOf(spec.Tables[1]));
        Assert.Null(spec.GroupOf(spec.Tables[1]));
    }

    private static ModelSpec With(EmbeddingTable table) => Good with { Tables = [table] };

    private static ModelSpec Living(RowLifetime lifetime) => With(Plain with { Lifetime = lifetime });
}
