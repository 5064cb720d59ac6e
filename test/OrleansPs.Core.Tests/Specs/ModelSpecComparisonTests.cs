using FsCheck.Xunit;
using OrleansPs.Core.Specs;
using OrleansPs.Core.Tests.Snapshots;

namespace OrleansPs.Core.Tests.Specs;

/// <summary>Where two specs differ is told by a path and both values.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)])]
public class ModelSpecComparisonTests
{
    private static readonly ModelSpec Was = new("m")
    {
        Parameters =
        [
            new("w", [2, 4], Initializer.HeNormal()) { Group = "slow" },
            new("b", [4]) { Optimizer = Optimizer.Sgd(0.1) },
        ],
        Tables = [new("t", 4, Initializer.Normal()) { Optimizer = Optimizer.Sgd(0.1), Lifetime = new() { TimeToLive = 5 } }],
        Optimizer = Optimizer.Adam(),
        Groups = [new("slow") { Lr = 0.5 }, new("frozen") { Frozen = true }],
        Schedule = LearningRateSchedule.WarmUp(10, 0.5, LearningRateSchedule.Step(5)),
        Clipping = GradientClipping.ByValue(2),
        Consistency = ConsistencyPolicy.StaleSynchronous(2),
        Durability = DurabilityPolicy.Snapshot(100, TimeSpan.FromSeconds(5)),
    };

    private static readonly (ModelSpec Now, string Difference)[] Changes =
    [
        (Named("n"), "Name is 'n', was 'm'"),
        (Was with { Parameters = [Was.Parameters[0] with { Shape = [2, 3] }, Was.Parameters[1]] }, "Parameters['w'].Shape is [2, 3], was [2, 4]"),
        (Was with { Parameters = [Was.Parameters[0], Was.Parameters[1] with { Shape = [] }] }, "Parameters['b'].Shape is [], was [4]"),
        (Was with { Parameters = [Was.Parameters[1], Was.Parameters[0]] }, "Parameters[0].Name is 'b', was 'w'"),
        (Was with { Parameters = [Was.Parameters[0]] }, "Parameters.Count is 1, was 2"),
        (Was with { Parameters = [.. Was.Parameters, new("c", [])] }, "Parameters.Count is 3, was 2"),
        (Was with { Parameters = [Was.Parameters[0] with { Initializer = Initializer.Zeros }, Was.Parameters[1]] },
            "Parameters['w'].Initializer.Type is 'constant', was 'scaledNormal'"),
        (Was with { Parameters = [Was.Parameters[0] with { Group = null }, Was.Parameters[1]] }, "Parameters['w'].Group is missing, was 'slow'"),
        (Was with { Parameters = [Was.Parameters[0], Was.Parameters[1] with { Optimizer = null }] }, "Parameters['b'].Optimizer is missing, was sgd"),
        (Was with { Parameters = [Was.Parameters[0] with { Optimizer = Optimizer.Sum() }, Was.Parameters[1]] },
            "Parameters['w'].Optimizer is sum, was missing"),
        (Was with { Parameters = [Was.Parameters[0], Was.Parameters[1] with { Optimizer = Optimizer.Sgd(0.2) }] },
            "Parameters['b'].Optimizer.Lr is 0.2, was 0.1"),
        (Was with { Tables = [] }, "Tables is missing, was there"),
        (Was with { Tables = [.. Was.Tables, new("u", 1)] }, "Tables.Count is 2, was 1"),
        (Was with { Tables = [Was.Tables[0] with { Name = "u" }] }, "Tables[0].Name is 'u', was 't'"),
        (Was with { Tables = [Was.Tables[0] with { Width = 5 }] }, "Tables['t'].Width is 5, was 4"),
        (Was with { Tables = [Was.Tables[0] with { Initializer = null }] }, "Tables['t'].Initializer.Type is 'constant', was 'normal'"),
        (Was with { Tables = [Was.Tables[0] with { Optimizer = null }] }, "Tables['t'].Optimizer is missing, was sgd"),
        (Was with { Tables = [Was.Tables[0] with { Group = "slow" }] }, "Tables['t'].Group is 'slow', was missing"),
        (Was with { Tables = [Was.Tables[0] with { Shards = 3 }] }, "Tables['t'].Shards is 3, was 8"),
        (Was with { Tables = [Was.Tables[0] with { MaxRowsPerStep = 3 }] }, "Tables['t'].MaxRowsPerStep is 3, was 65536"),
        (Was with { Tables = [Was.Tables[0] with { Lifetime = null }] }, "Tables['t'].Lifetime.TimeToLive is 0, was 5"),
        (Was with { Tables = [Was.Tables[0] with { Lifetime = new() { AdmitAfter = 2, TimeToLive = 5 } }] }, "Tables['t'].Lifetime.AdmitAfter is 2, was 1"),
        (Was with { Tables = [Was.Tables[0] with { Lifetime = new() { SketchBytes = 4096, TimeToLive = 5 } }] },
            "Tables['t'].Lifetime.SketchBytes is 4096, was 1048576"),
        (Was with { Tables = [Was.Tables[0] with { Lifetime = new() { Capacity = 512, TimeToLive = 5 } }] }, "Tables['t'].Lifetime.Capacity is 512, was 0"),
        (Was with { Optimizer = Optimizer.AdamW() }, "Optimizer.Type is 'adamw', was 'adam'"),
        (Was with { Optimizer = Optimizer.RmsProp() }, "Optimizer.Type is 'rmsprop', was 'adam'"),
        (Was with { Optimizer = Optimizer.Adam(eps: 1e-7) }, "Optimizer.Eps is 1E-07, was 1E-08"),
        (Was with { Groups = [Was.Groups[0] with { Lr = null }, Was.Groups[1]] }, "Groups['slow'].Lr is missing, was 0.5"),
        (Was with { Groups = [Was.Groups[0], Was.Groups[1] with { Frozen = false }] }, "Groups['frozen'].Frozen is false, was true"),
        (Was with { Groups = [] }, "Groups.Count is 0, was 2"),
        (Was with { Schedule = LearningRateSchedule.Constant }, "Schedule.Type is 'constant', was 'warmUp'"),
        (Was with { Schedule = LearningRateSchedule.WarmUp(10, 0.5, LearningRateSchedule.Step(5, 0.2)) }, "Schedule.Then.Gamma is 0.2, was 0.1"),
        (Was with { Clipping = GradientClipping.None }, "Clipping.Type is 'none', was 'value'"),
        (Was with { Clipping = GradientClipping.ByValue(3) }, "Clipping.Limit is 3, was 2"),
        (Was with { Consistency = ConsistencyPolicy.BulkSynchronous }, "Consistency.Type is 'bulkSynchronous', was 'staleSynchronous'"),
        (Was with { Consistency = ConsistencyPolicy.StaleSynchronous(1) }, "Consistency.Staleness is 1, was 2"),
        (Was with { Compensation = StalenessCompensation.DcAsgd() }, "Compensation is there, was missing"),
        (Was with { Compression = GradientCompression.Bf16 }, "Compression is there, was missing"),
        (Was with { PullCompression = GradientCompression.Bf16 }, "PullCompression is there, was missing"),
        (Was with { Groups = [Was.Groups[0] with { Compression = GradientCompression.None }, Was.Groups[1]] }, "Groups['slow'].Compression is there, was missing"),
        (Was with { Parameters = [Was.Parameters[0], Was.Parameters[1] with { Compression = GradientCompression.TopK(0.1) }] },
            "Parameters['b'].Compression is there, was missing"),
        (Was with { Durability = DurabilityPolicy.Replicated(100, TimeSpan.FromSeconds(5)) }, "Durability.Type is 'replicated', was 'snapshot'"),
        (Was with { Durability = DurabilityPolicy.Snapshot(100) }, "Durability.Interval is missing, was '00:00:05'"),
        (Was with { Reduction = Reduction.Sum }, "Reduction is 'sum', was 'mean'"),
        (Was with { NonFinite = NonFinitePolicy.Skip }, "NonFinite is 'skip', was 'reject'"),
        (Was with { Workers = 2 }, "Workers is 2, was 1"),
        (Was with { MaxWorkers = 4 }, "MaxWorkers is 4, was 0"),
        (Was with { BackupWorkers = 1 }, "BackupWorkers is there, was missing"),
        (Was with { Seed = 1 }, "Seed is 1, was 0"),
        (Was with { BlockBytes = 4096 }, "BlockBytes is 4096, was 1048576"),
        (Was with { Lease = TimeSpan.FromSeconds(9) }, "Lease is '00:00:09', was '00:00:10'"),
        (Was with { PushesPerStep = 65 }, "PushesPerStep is 65, was 64"),
        (Was with { StagingBytes = 5 }, "StagingBytes is 5, was 4294967296"),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Changes.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_difference_is_named_by_its_path_with_both_values(int index)
    {
        var (now, difference) = Changes[index];
        Assert.Equal(difference, ModelSpecComparison.FirstDifference(Was, now, ignoreWorkers: false));
        var isOfWorkers = difference.Split(' ')[0] is "Workers" or "MaxWorkers" or "BackupWorkers";
        Assert.Equal(isOfWorkers ? null : difference, ModelSpecComparison.FirstDifference(Was, now, ignoreWorkers: true));
    }

    [Fact]
    public void Every_property_of_a_spec_is_compared()
    {
        var compared = Changes.Select(c => c.Difference.Split(' ', '.', '[')[0]).ToHashSet();
        var computed = new[] { nameof(ModelSpec.RankLimit), nameof(ModelSpec.Length) };
        Assert.Empty(typeof(ModelSpec).GetProperties().Select(p => p.Name).Except(computed).Except(compared).Except(["EqualityContract"]));
    }

    [Fact]
    public void The_first_tables_of_a_model_are_a_difference() =>
        Assert.Equal("Tables is there, was missing", ModelSpecComparison.FirstDifference(Was with { Tables = [] }, Was, ignoreWorkers: false));

    [Fact]
    public void A_missing_lifetime_is_the_same_as_one_for_ever()
    {
        var without = Was with { Tables = [Was.Tables[0] with { Lifetime = null }] };
        var with = Was with { Tables = [Was.Tables[0] with { Lifetime = new() }] };
        Assert.Null(ModelSpecComparison.FirstDifference(without, with, ignoreWorkers: false));
    }

    [Fact]
    public void The_first_of_two_differences_is_told()
    {
        var now = Was with { Seed = 5, Optimizer = Optimizer.Adam(0.5) };
        Assert.Equal("Optimizer.Lr is 0.5, was 0.001", ModelSpecComparison.FirstDifference(Was, now, ignoreWorkers: false));
    }

    [Fact]
    public void A_difference_behind_other_workers_is_told()
    {
        var now = Was with { Workers = 3, MaxWorkers = 9, BackupWorkers = 1, Seed = 5 };
        Assert.Equal("Seed is 5, was 0", ModelSpecComparison.FirstDifference(Was, now, ignoreWorkers: true));
    }

    [Fact]
    public void A_missing_initializer_is_the_same_as_zeros()
    {
        var zeros = Was with { Parameters = [Was.Parameters[0], Was.Parameters[1] with { Initializer = Initializer.Zeros }] };
        Assert.Null(ModelSpecComparison.FirstDifference(Was, zeros, ignoreWorkers: false));
    }

    [Fact]
    public void Lists_of_other_kinds_with_the_same_content_are_the_same()
    {
        var lists = Was with { Parameters = Was.Parameters.Select(p => p with { Shape = p.Shape.ToList() }).ToList() };
        Assert.Null(ModelSpecComparison.FirstDifference(Was, lists, ignoreWorkers: false));
    }

    [Property]
    public void Two_specs_differ_exactly_if_their_bytes_do(ModelSpec one, ModelSpec other)
    {
        Assert.Null(ModelSpecComparison.FirstDifference(one, one with { }, ignoreWorkers: false));
        Assert.NotNull(ModelSpecComparison.FirstDifference(one, one with { Workers = one.Workers ^ 1 }, ignoreWorkers: false));
        Assert.Null(ModelSpecComparison.FirstDifference(one, one with { Workers = one.Workers ^ 1 }, ignoreWorkers: true));
        var same = ModelSpecJson.Encode(one).AsSpan().SequenceEqual(ModelSpecJson.Encode(other));
        Assert.Equal(same, ModelSpecComparison.FirstDifference(one, other, ignoreWorkers: false) is null);
    }

    private static ModelSpec Named(string name) => new(name)
    {
        Parameters = Was.Parameters,
        Tables = Was.Tables,
        Optimizer = Was.Optimizer,
        Groups = Was.Groups,
        Schedule = Was.Schedule,
        Clipping = Was.Clipping,
        Consistency = Was.Consistency,
        Durability = Was.Durability,
    };
}
