namespace OrleansPs.Core.Tests.Tables;

/// <summary>Models with one table, of all kinds that make a difference to a shard.</summary>
internal static class TableSpecs
{
    private static readonly Optimizer[] s_optimizers =
        [Optimizer.Sgd(0.1), Optimizer.Sgd(0.1, momentum: 0.9), Optimizer.Adam(0.1), Optimizer.RowwiseAdagrad(0.1), Optimizer.Sum()];

    private static readonly RowLifetime?[] s_lifetimes =
    [
        null,
        new() { TimeToLive = 3 },
        new() { AdmitAfter = 3, SketchBytes = 4096 },
        new() { Capacity = 64 },
        new() { AdmitAfter = 2, SketchBytes = 4096, TimeToLive = 2, Capacity = 70 },
        new() { TimeToLive = 9, Capacity = 66 },
    ];

    /// <summary>How many there are of each consistency.</summary>
    public static int Count => s_optimizers.Length * s_lifetimes.Length;

    public static ModelSpec Of(int index, ConsistencyPolicy consistency) => new("rows")
    {
        Parameters = [],
        Tables =
        [
            new("t", 1 + (index % 5), Initializer.Uniform(-1, 1))
            { Shards = 1, Lifetime = s_lifetimes[index / s_optimizers.Length], MaxRowsPerStep = 1000 },
        ],
        Optimizer = s_optimizers[index % s_optimizers.Length],
        Schedule = LearningRateSchedule.Step(3, 0.5),
        Reduction = index % 2 == 0 ? Reduction.Mean : Reduction.Sum,
        Consistency = consistency,
        Workers = 3,
        PushesPerStep = 4,
        Seed = 5,
    };
}
