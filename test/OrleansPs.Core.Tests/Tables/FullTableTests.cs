using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>A shard never has more rows than it may have, and refuses a push that could bring more before anything changes.</summary>
public sealed class FullTableTests
{
    private const int Most = 10;

    [Fact]
    public void A_push_beyond_the_limit_changes_nothing_and_rows_that_are_there_go_on()
    {
        var spec = Spec(ConsistencyPolicy.Asynchronous);
        var standby = Replica(spec);
        var replica = Replica(spec, sink: new Feed(standby));
        Assert.Equal(BlockStatus.Ok, Push(replica, 0, Range(0, 8)).Status);
        var (before, entry) = (replica.ToState("m"), replica.LastEntry);

        Assert.Equal(new(BlockStatus.TableFull, 8, Most, 0), Push(replica, 1, Range(7, 4)));
        Assert.Equal(BlockStatus.TableFull, replica.PushPull(Header(1), null, Slices(Range(8, 3)), [new(0, new float[2]) { Keys = new long[] { 0 } }]).Status);

        Assert.Equal(entry, replica.LastEntry);
        Assert.Equal(before, replica.ToState("m"));
        Assert.Equal(BlockStatus.Ok, Push(replica, 1, Range(6, 4)).Status);
        Assert.Equal(BlockStatus.Ok, Push(replica, 2, Range(0, 10)).Status);
        Assert.Equal(BlockStatus.Duplicate, Push(replica, 2, Range(0, 10)).Status);
        Assert.Equal(new(BlockStatus.TableFull, 10, Most, 0), Push(replica, 3, [77]));
        Assert.Equal(replica.ToState("m"), standby.ToState("m"));
    }

    [Fact]
    public void A_shard_that_is_full_is_full_after_a_snapshot_too()
    {
        var spec = Spec(ConsistencyPolicy.Asynchronous);
        var replica = Replica(spec);
        Push(replica, 0, Range(0, Most));
        var image = Replicas.ImageOf(replica, 1);
        Assert.Equal(Most, image.Rows!.Count);

        var restored = Replica(spec, BlockImageCodec.Decode(Replicas.Encode(image), "cut", null));

        foreach (var one in new[] { replica, restored })
        {
            Assert.Equal(BlockStatus.TableFull, one.Push(Header(1) with { Cut = 1 }, null, Slices([50])).Status);
            Assert.Equal(BlockStatus.Ok, one.Push(Header(1) with { Cut = 1 }, null, Slices(Range(0, Most))).Status);
        }
    }

    [Fact]
    public void A_round_that_closes_has_room_for_all_that_was_staged()
    {
        var spec = Spec(ConsistencyPolicy.BulkSynchronous);
        var replica = Replica(spec);
        Assert.Equal(BlockStatus.Ok, Stage(replica, 0, Range(0, 6)).Status);
        Assert.Equal(new(BlockStatus.TableFull, 0, Most, 0), Stage(replica, 1, Range(6, 5)));
        Assert.Equal(BlockStatus.Ok, Stage(replica, 1, Range(6, 4)).Status);
        Assert.Equal(BlockStatus.TableFull, Stage(replica, 2, [90]).Status);

        Assert.Equal(BlockStatus.Ok, replica.Certify(new() { Rank = -1 }, [new(0, [new(0, 0), new(1, 0)])]).Status);

        Assert.Equal(BlockStatus.TableFull, Stage(replica, 2, [90], round: 1).Status);
        for (var rank = 0; rank < 3; rank++) Assert.Equal(BlockStatus.Ok, Stage(replica, rank, Range(0, 10), round: 1).Status);
        Assert.Equal(Most, Replicas.ImageOf(replica).Rows!.Count);
    }

    [Fact]
    public void Rows_whose_time_is_over_make_room()
    {
        var spec = Spec(ConsistencyPolicy.Asynchronous, new() { TimeToLive = 3 });
        var replica = Replica(spec);
        Push(replica, 0, Range(0, Most));
        Assert.Equal(BlockStatus.TableFull, Push(replica, 3, [50]).Status);
        Assert.Equal(BlockStatus.Ok, Push(replica, 4, Range(50, Most)).Status);
        Assert.Equal(BlockStatus.TableFull, Push(replica, 5, [60]).Status);
        Assert.Equal(Range(50, Most), Replicas.ImageOf(replica).Rows!.Keys[..Most]);
    }

    /// <summary>The live rows may have ended which the frozen copy of an earlier clock still has.</summary>
    [Fact]
    public void A_late_push_needs_room_in_the_frozen_copy_too()
    {
        var replica = Replica(Spec(ConsistencyPolicy.Asynchronous, new() { TimeToLive = 3 }));
        Push(replica, 0, Range(0, Most));
        Assert.Equal(BlockStatus.Ok, replica.Push(Header(9) with { Cut = 1 }, null, Slices([50])).Status);

        Assert.Equal(BlockStatus.TableFull, replica.Push(Header(0) with { Rank = 1 }, null, Slices([60])).Status);
        Assert.Equal(BlockStatus.Ok, replica.Push(Header(0) with { Rank = 1 }, null, Slices(Range(0, Most - 1))).Status);

        Assert.Equal(Most, replica.TakeCut(new() { Rank = -1 }, 1).Image!.Rows!.Count);
    }

    [Fact]
    public void A_table_with_a_capacity_is_never_full()
    {
        var spec = Spec(ConsistencyPolicy.Asynchronous, new() { Capacity = 64 });
        var replica = Replica(spec);
        for (var step = 0; step < 20; step++) Assert.Equal(BlockStatus.Ok, Push(replica, step, Range(step * 7, 7)).Status);
        Assert.InRange(Replicas.ImageOf(replica).Rows!.Count, 1, Most);
    }

    /// <summary>At random: late pushes into an open cut, sketches that age, rows that end, rounds.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_image_ever_has_more_rows_than_a_shard_may_have(bool rounds)
    {
        var (full, taken, cuts) = (0, 0, 0);
        for (var index = 0; index < TableSpecs.Count; index++)
        {
            var spec = TableSpecs.Of(index, rounds ? ConsistencyPolicy.BulkSynchronous : ConsistencyPolicy.Asynchronous);
            if (spec.Tables[0].Lifetime?.Capacity > 0) continue;
            var story = new FullStory(spec, seed: index);
            story.Run(400);
            (full, taken, cuts) = (full + story.Refused, taken + story.Taken, cuts + story.Images);
        }
        Assert.True(full > 200 && taken > 200 && cuts > 100, $"{full} refused, {taken} taken, {cuts} images");
    }

    public static TheoryData<ModelSpec> Shapes =>
    [
        Spec(ConsistencyPolicy.Asynchronous),
        Wide(1, Optimizer.Sgd()) with { Workers = 4096, PushesPerStep = 1024 },
        Wide(64, Optimizer.Adam()),
        Wide(65_536, Optimizer.Adam()),
        Wide(16, Optimizer.Adam(), new() { AdmitAfter = 2, SketchBytes = 1 << 30, TimeToLive = 9 }) with { Workers = 512 },
    ];

    /// <summary>The largest state of the largest shard is one array of bytes, unless ranks stage more than the half of it.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_shard_with_all_its_rows_fits_into_an_image_and_into_a_message(ModelSpec spec)
    {
        var shape = BlockLayout.Create(spec).Blocks[0];
        var rules = new RowRules(spec, shape);
        var dedupe = Enumerable.Range(0, spec.RankLimit).Select(r => new DedupeImage(r, 1, 1, new ulong[(spec.PushesPerStep + 63) / 64])).ToArray();
        var image = ImageOf(rules, rules.MostRows, [], dedupe);
        var staged = (long)spec.RankLimit * spec.Tables[0].MaxRowsPerStep * (sizeof(long) + (4L * spec.Tables[0].Width));
        var half = (Array.MaxLength - rules.SketchBytes) / 2;

        Assert.InRange(BlockImageCodec.GetEncodedLength(image), half - (100 << 20) - (12L * rules.Layout.Floats), Array.MaxLength);
        var state = ReplicaStateCodec.LengthOf(new(
            image, 0, 0, 0, new long[spec.RankLimit], new(0, new CertificateMember[spec.RankLimit]),
            [.. Enumerable.Range(0, spec.RankLimit).Select(r => new StagedImage(r, 0, 0))], PullMarksImage.None, TrainingPolicy.Of(spec)));
        Assert.InRange(state + Math.Min(staged, half), 0, Array.MaxLength);
    }

    [Fact]
    public void Rows_that_are_loaded_or_taken_over_into_too_few_shards_are_refused_by_name()
    {
        var spec = Wide(65_536, Optimizer.Adam());
        var shape = BlockLayout.Create(spec).Blocks[0];
        var rules = new RowRules(spec, shape);
        var keys = Range(0, rules.MostRows + 1);

        var loaded = Assert.Throws<TableFullException>(() => GivenRows.Of(keys, 1, out _).ToImage(spec, shape));
        var (half, rest) = (keys[..(keys.Length / 2)], keys[(keys.Length / 2)..]);
        var two = spec with { Tables = [spec.Tables[0] with { Shards = 2 }] };
        var adapted = Assert.Throws<TableFullException>(() => new TableAdapter(two, 0, spec, 0).Adapt(
            shape, [ImageOf(rules, half.Length, half, []).Rows!, ImageOf(rules, rest.Length, rest, []).Rows!]));

        foreach (var full in new[] { loaded, adapted })
            Assert.Equal(("t", 0, keys.Length, rules.MostRows), (full.Table, full.Shard, full.Rows, full.Limit));
        Assert.Equal(
            $"Shard 0 of table 't' may have {rules.MostRows} rows, and would come to more: {keys.Length} are there or were given. Give the table more Shards, or a Capacity.",
            loaded.Message);
        Assert.False(loaded.IsTransient);
    }

    internal static BlockReplica Replica(ModelSpec spec, BlockImage? image = null, IBlockEntrySink? sink = null) =>
        new(spec, BlockLayout.Create(spec).Blocks[0], 0, 0, image, sink, image is null ? 0 : 1, Most);

    private static ModelSpec Spec(ConsistencyPolicy consistency, RowLifetime? lifetime = null) => new("m")
    {
        Parameters = [],
        Tables = [new("t", 2) { Shards = 1, MaxRowsPerStep = 100, Lifetime = lifetime }],
        Optimizer = Optimizer.Sgd(),
        Consistency = consistency,
        Workers = 3,
    };

    private static ModelSpec Wide(int width, Optimizer optimizer, RowLifetime? lifetime = null) => new("m")
    { Parameters = [], Tables = [new("t", width) { Shards = 1, MaxRowsPerStep = 1000, Lifetime = lifetime }], Optimizer = optimizer };

    private static BlockImage ImageOf(RowRules rules, int rows, long[] keys, DedupeImage[] dedupe) => new()
    {
        Block = 0, Length = 0, Version = 0, EntryIndex = 0, Values = [], Segments = [], Dedupe = dedupe,
        Rows = new()
        {
            Count = rows, Width = rules.Width, StateFloats = rules.Layout.State, CountsUpdates = rules.Layout.Counts, Ages = rules.Layout.Ages,
            Clock = 0, Keys = keys, Records = [], Sketch = rules.SketchBytes > 0 ? new byte[rules.SketchBytes] : null,
        },
    };

    private static long[] Range(int start, int count) => [.. Enumerable.Range(start, count).Select(i => (long)i)];

    private static SegmentSlice[] Slices(long[] keys) => [new(0, new float[keys.Length * 2]) { Keys = keys }];

    private static MessageHeader Header(long step) => new() { Step = step, Clock = step };

    private static BlockReply Push(BlockReplica replica, long step, long[] keys) => replica.Push(Header(step), null, Slices(keys));

    private static BlockReply Stage(BlockReplica replica, int rank, long[] keys, long round = 0) => replica.Push(
        new() { Rank = rank, Step = round, Clock = round, Certificate = round }, null, Slices(keys));
}
