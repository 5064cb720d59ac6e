using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Images, a manifest and specs whose bytes are frozen. A change of one is a change of its golden file.</summary>
internal static class Samples
{
    public static readonly ChunkIdentity Identity = new("fashion-mnist", 2, 17, 4, 1);

    /// <summary>Floats whose bits are easily lost: signed zero, the smallest number, infinity, quiet and signalling NaNs with a payload.</summary>
    public static readonly float[] OddFloats =
    [
        .. new[] { 0x80000000u, 0x00000001u, 0x7F800000u, 0xFF800000u, 0x7FC12345u, 0x7F812345u, 0xFFFFFFFFu, 0x3F800000u }
            .Select(BitConverter.UInt32BitsToSingle),
    ];

    /// <summary>A block of nothing: no floats, no segments, no ranks.</summary>
    public static BlockImage Empty() => new()
    { Block = 4, Length = 0, Version = 0, EntryIndex = 0, Values = [], Segments = [], Dedupe = [] };

    /// <summary>Values alone: no optimizer state, no dedupe state.</summary>
    public static BlockImage Values() => new()
    {
        Block = 4,
        Length = 10,
        Version = 300,
        EntryIndex = 900,
        Values = [.. OddFloats, 1.5f, -2.25f],
        Segments = [new(7, 1000, 0, 10, 300)],
        Dedupe = [],
    };

    /// <summary>One optimizer state; between the segments are floats of no segment.</summary>
    public static BlockImage Momentum() => new()
    {
        Block = 4,
        Length = 10,
        Version = 301,
        EntryIndex = 901,
        Values = [.. Enumerable.Range(0, 10).Select(i => i / 4f)],
        Slot0 = [.. OddFloats, 3.5f, 4.5f],
        Segments = [new(0, 0, 0, 4, 301), new(1, 0, 6, 4, 12)],
        Dedupe = [],
    };

    /// <summary>Both optimizer states and the dedupe state of three ranks, one of them without bits.</summary>
    public static BlockImage Full() => new()
    {
        Block = 4,
        Length = 5,
        Version = 1L << 40,
        EntryIndex = (1L << 40) + 1,
        // One float more than the block has: it is not written.
        Values = [1, 2, 3, 4, 5, 99],
        Slot0 = [0.5f, 0.25f, 0.125f, -0f, 0f],
        Slot1 = [1e-8f, 1e-20f, 1e-45f, 3e38f, 7f],
        Segments = [new(3, 77, 0, 2, 41), new(4, 0, 2, 3, 1L << 33)],
        Dedupe = [new(0, 1, 99, [0x8000000000000001]), new(2, 5, 0, []), new(9, 1L << 35, 1L << 36, [3, 0, ulong.MaxValue])],
    };

    /// <summary>A shard of a table with all that rows can have: state, counts, ages, a sketch; and ranks.</summary>
    public static BlockImage Rows() => Table(new()
    {
        Count = 3,
        Width = 2,
        StateFloats = 1,
        CountsUpdates = true,
        Ages = true,
        Clock = 1L << 35,
        // Room for one row more than there are: it is not written.
        Keys = [long.MinValue, -1, 5, 6],
        Records =
        [
            1, -2, 0.5f, Whole(7), Whole(40), Whole(16),
            OddFloats[0], OddFloats[4], OddFloats[5], Whole(1), Whole(int.MaxValue), Whole(0),
            3e38f, 1e-45f, 0, Whole(int.MaxValue), Whole(0), Whole(17),
            99, 99, 99, 99, 99, 99,
        ],
        Sketch = [1, 0, 0, 255, 2, 0, 0, 0],
    }, new(0, 1, 99, [0x8000000000000001]), new(9, 1L << 35, 1L << 36, [3, 0, ulong.MaxValue]));

    /// <summary>A shard with values alone.</summary>
    public static BlockImage RowsOfValues() => Table(new()
    {
        Count = 1, Width = 1, StateFloats = 0, CountsUpdates = false, Ages = false, Clock = 0, Keys = [long.MaxValue], Records = [2.5f, Whole(3)],
    });

    /// <summary>What changed in a shard since cut 12, and which rows are left.</summary>
    public static BlockImage RowsOfDelta() => Table(new()
    {
        Count = 1, Width = 1, StateFloats = 0, CountsUpdates = false, Ages = true, Clock = 41, Keys = [-7], Records = [2.5f, Whole(41), Whole(16)],
        BaseCut = 12, Remaining = [-9, -7, 0, 77], RemainingCount = 3,
    });

    public static IEnumerable<(string Name, BlockImage Image)> Images =>
    [
        ("empty", Empty()), ("values", Values()), ("momentum", Momentum()), ("full", Full()),
        ("rows", Rows()), ("rows-of-values", RowsOfValues()), ("rows-of-delta", RowsOfDelta()),
    ];

    public static byte[] Encode(BlockImage image, ChunkIdentity? identity = null)
    {
        var id = identity ?? Identity;
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, id.Model, id.Generation, id.Cut, id.Epoch, bytes);
        return bytes;
    }

    public static SnapshotManifest Manifest() => new()
    {
        Model = "fashion-mnist",
        Cut = 17,
        Generation = 2,
        Round = 4000,
        TakenAt = new DateTimeOffset(2026, 1, 31, 13, 14, 15, TimeSpan.FromHours(1)).AddTicks(1234567),
        Spec = Specs.Single(s => s.Name == "ssp").Spec,
        Ranks =
        [
            new(0, 3, WorkerStatus.Live, 4000, 4001, 256000)
            { Inherited = [new InheritedCursor(3, 3990, 255360), new InheritedCursor(6, 0, 0)] },
            new(1, 1, WorkerStatus.OutOfData, 3999, 4000, 255936),
            new(2, 8, WorkerStatus.Evicted, 3500, 3501, 224000),
            new(4, 0, WorkerStatus.Expected, 0, 0, 0),
            new(5, 2, WorkerStatus.Left, 10, 11, long.MaxValue),
        ],
        Chunks =
        [
            new(0, "g2-c17-b0-e1", 4416, new string('a', 64)),
            new(1, "g2-c17-b1-e12", 320, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ],
        Open = [new(0, 2, 3500, [0, 1, 5]), new(1, 2, 3500, [])],
    };

    public static SnapshotManifest SmallManifest() => new()
    {
        Model = "m",
        Cut = 1,
        Generation = 0,
        Round = 0,
        TakenAt = DateTimeOffset.UnixEpoch,
        Spec = new ModelSpec("m") { Parameters = [new("w", [2])], Optimizer = Optimizer.Sum() },
        Ranks = [],
        Chunks = [],
        Open = [],
    };

    public static IEnumerable<(string Name, ModelSpec Spec)> Specs =>
    [
        ("defaults", new ModelSpec("defaults") { Parameters = [new("w", [])], Optimizer = Optimizer.Sgd() }),
        ("ssp", Ssp()),
        ("asp", Asp()),
        ("optimizers", OtherOptimizers()),
        ("tables", TableSpec()),
        ("compensation", Asp() with { Compensation = StalenessCompensation.DcAsgd(0.25) }),
        ("compression", CompressedSpec()),
    ];

    private static ModelSpec CompressedSpec() => new("compression")
    {
        Parameters =
        [
            new("model's", [4]),
            new("group's", [4]) { Group = "sparse" },
            new("own", [4]) { Group = "sparse", Compression = GradientCompression.Int8 },
            new("bits", [4]) { Compression = GradientCompression.OneBit },
            new("none", []) { Compression = GradientCompression.None },
            new("pulled", [4]) { PullCompression = GradientCompression.None },
        ],
        Optimizer = Optimizer.Sgd(),
        Groups = [new("sparse") { Compression = GradientCompression.TopK(0.125) }, new("other") { PullCompression = GradientCompression.Bf16 }],
        Compression = GradientCompression.Bf16,
        PullCompression = GradientCompression.Int8,
    };

    private static ModelSpec TableSpec() => new("tables")
    {
        Parameters = [],
        Tables =
        [
            new("user/embedding", 64, Initializer.Normal(0, 0.01f)) { Optimizer = Optimizer.RowwiseAdagrad(0.05), Group = "slow" },
            new("Wörter", 1)
            {
                Shards = 4096,
                MaxRowsPerStep = 1 << 24,
                Lifetime = new() { AdmitAfter = 255, SketchBytes = 1 << 30, TimeToLive = long.MaxValue, Capacity = 64L * 4096 },
            },
        ],
        Optimizer = Optimizer.Adam(),
        Groups = [new("slow") { Lr = 1e-5 }],
        Consistency = ConsistencyPolicy.Asynchronous,
    };

    private static BlockImage Table(TableImage rows, params DedupeImage[] dedupe) => new()
    {
        Block = 4, Length = 0, Version = 301, EntryIndex = 901, Values = [], Segments = [], Dedupe = dedupe, Rows = rows,
    };

    private static float Whole(int number) => BitConverter.Int32BitsToSingle(number);

    private static ModelSpec Ssp() => new("fashion-mnist")
    {
        Parameters =
        [
            new("layer1/weight", [784, 256], Initializer.HeNormal()) { Group = "slow" },
            new("layer1/bias", [256]) { Optimizer = Optimizer.Sgd(0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true) },
            new("layer2/weight", [256, 10], Initializer.XavierUniform(0.5f)) { Optimizer = Optimizer.AdamW() },
            new("Gewicht \"ä\" \\ \u0001 \U0001F600", [1], Initializer.Constant(-0f)) { Optimizer = Optimizer.Assign(), Group = "frozen" },
            new("step", [], Initializer.Uniform(-1.5f, 0.1f)) { Optimizer = Optimizer.Sum() },
            new("layer3", [1, 2, 3, 4], Initializer.Normal(0.5f, float.Epsilon)) { Optimizer = Optimizer.Sgd(momentum: 0.5, dampening: 0.25) },
        ],
        Optimizer = Optimizer.Adam(3e-4, 0.8, 0.99, 1e-7, 0.125),
        Groups = [new("slow") { Lr = 1e-5 }, new("frozen") { WeightDecay = 0, Frozen = true }],
        Schedule = LearningRateSchedule.WarmUp(500, 0.1, LearningRateSchedule.Cosine(10_000, 0.01)),
        Clipping = GradientClipping.ByGlobalNorm(1.0),
        Consistency = ConsistencyPolicy.StaleSynchronous(3),
        Durability = DurabilityPolicy.Replicated(1000, TimeSpan.FromSeconds(90.5), 5),
        Reduction = Reduction.Sum,
        NonFinite = NonFinitePolicy.Skip,
        Workers = 4,
        MaxWorkers = 8,
        Seed = ulong.MaxValue,
        BlockBytes = 65536,
        Lease = TimeSpan.FromMilliseconds(2500),
        PushesPerStep = 7,
        StagingBytes = 1L << 40,
    };

    private static ModelSpec Asp() => new("asp")
    {
        Parameters = [new("w", [8], Initializer.HeUniform()), new("v", [8], Initializer.XavierNormal())],
        Optimizer = Optimizer.Sgd(lr: 1.0 / 3),
        Schedule = LearningRateSchedule.Step(30, 0.5),
        Clipping = GradientClipping.ByValue(double.Epsilon),
        Consistency = ConsistencyPolicy.Asynchronous,
        Durability = DurabilityPolicy.Snapshot(everyClocks: long.MaxValue),
        NonFinite = NonFinitePolicy.Accept,
    };

    private static ModelSpec OtherOptimizers() => new("optimizers")
    {
        Parameters =
        [
            new("adagrad", [4]) { Optimizer = Optimizer.Adagrad(0.02, 1e-3, 0.125, 0.5, 1e-9) },
            new("rmsprop", [4]) { Optimizer = Optimizer.RmsProp(0.03, 0.9, 1e-7, 0.25, 0.75) },
            new("centered", [4]) { Optimizer = Optimizer.RmsProp(centered: true) },
            new("row-wise", [4]) { Optimizer = Optimizer.RowwiseAdagrad(0.04, 0.375, 0.625, 1e-6) },
        ],
        Optimizer = Optimizer.FtrlProximal(0.05, 0.5, 1.5, 2.5),
    };
}
