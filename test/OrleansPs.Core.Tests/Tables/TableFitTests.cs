using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>Images of shards are held against the spec, and slices against the table, before anything is done with them.</summary>
public class TableFitTests
{
    private static readonly ModelSpec s_spec = new("fit")
    {
        Parameters = [new("w", [3])],
        Tables = [new("t", 2) { Shards = 2, Lifetime = new() { AdmitAfter = 2, SketchBytes = 4096, TimeToLive = 5 } }],
        Optimizer = Optimizer.Adam(),
    };

    private static readonly BlockLayout s_layout = BlockLayout.Create(s_spec);
    private static readonly long[] s_keys = Keys.OfShard(new(1), 3, 0, 2);

    [Fact]
    public void Every_misfit_is_named()
    {
        Assert.Null(Misfit(Image(new())));
        Assert.Equal("is block 2.", Misfit(Image(new(), block: 2)));
        Assert.Equal("has dense parameters, and the layout a shard of a table.", Misfit(Dense(1)));
        Assert.Equal("has rows of width 3, and the table 2.", Misfit(Image(new() { Width = 3 })));
        const string state = "has rows with other state than the table's optimizer and lifetime need.";
        Assert.Equal(state, Misfit(Image(new() { State = 2 })));
        Assert.Equal(state, Misfit(Image(new() { Counts = false })));
        Assert.Equal(state, Misfit(Image(new() { Ages = false })));
        Assert.Equal("has a sketch of 0 bytes, and the table 2048.", Misfit(Image(new() { Sketch = null })));
        Assert.Equal("has a sketch of 4 bytes, and the table 2048.", Misfit(Image(new() { Sketch = new byte[4] })));
        var other = Keys.OfShard(new(1), 3, 1, 2)[1];
        Assert.Equal($"has key {other}, which belongs to another shard.", Misfit(Image(new() { Keys = [s_keys[0], other, s_keys[2]] })));
        Assert.Equal("is a shard of a table, and the layout has dense parameters there.",
            ImageFit.Misfit(s_spec, s_layout.Blocks[0], Image(new(), block: 0)));
    }

    [Fact]
    public void A_delta_is_no_image_to_begin_with() =>
        Assert.Equal("is a delta of cut 3, and not whole.", Misfit(Image(new() { BaseCut = 3 })));

    [Fact]
    public void Slices_that_do_not_fit_the_table_change_nothing()
    {
        var block = new BlockReplica(s_spec with { Consistency = ConsistencyPolicy.Asynchronous }, s_layout.Blocks[1], 0);
        Refused("one segment", new(0, new float[2]) { Keys = new[] { s_keys[0] } }, new(0, new float[2]) { Keys = new[] { s_keys[1] } });
        Refused("3 floats are not 1 rows of 2", new SegmentSlice(0, new float[3]) { Keys = new[] { s_keys[0] } });
        Refused("2 floats are not 0 rows of 2", new SegmentSlice(0, new float[2]));
        Refused("2 floats are not 1 rows of 2", new SegmentSlice(1, new float[2]) { Keys = new[] { s_keys[0] } });
        Refused("not ascending", new SegmentSlice(0, new float[4]) { Keys = new[] { s_keys[1], s_keys[0] } });
        Refused("not ascending", new SegmentSlice(0, new float[4]) { Keys = new[] { s_keys[0], s_keys[0] } });
        Assert.Equal(0, block.LastEntry);

        void Refused(string problem, params SegmentSlice[] slices)
        {
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => block.Push(new(), null, slices)).Message, StringComparison.Ordinal);
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => block.Pull(new(), null, slices)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_dense_block_takes_no_keys()
    {
        var block = new BlockReplica(s_spec, s_layout.Blocks[0], 0);
        Assert.Throws<ArgumentException>(() => block.Push(new(), null, [new(0, new float[3]) { Keys = new long[] { 1 } }]));
        Assert.Equal(0, block.LastEntry);
    }

    private static string? Misfit(BlockImage image) => ImageFit.Misfit(s_spec, s_layout.Blocks[1], image);

    private static BlockImage Image(Sample sample, int block = 1) => new()
    {
        Block = block, Length = 0, Version = 0, EntryIndex = 0, Values = [], Segments = [], Dedupe = [],
        Rows = new()
        {
            Count = sample.Keys.Length, Width = sample.Width, StateFloats = sample.State, CountsUpdates = sample.Counts, Ages = sample.Ages,
            Clock = 7, Keys = sample.Keys, Records = new float[100], Sketch = sample.Sketch, BaseCut = sample.BaseCut,
        },
    };

    private static BlockImage Dense(int block) => new()
    {
        Block = block, Length = 3, Version = 0, EntryIndex = 0, Values = new float[3], Slot0 = new float[3], Slot1 = new float[3],
        Segments = [new(0, 0, 0, 3, 0)], Dedupe = [],
    };

    private sealed record Sample
    {
        public int Width { get; init; } = 2;

        public int State { get; init; } = 4;

        public bool Counts { get; init; } = true;

        public bool Ages { get; init; } = true;

        public byte[]? Sketch { get; init; } = new byte[2048];

        public long[] Keys { get; init; } = s_keys;

        public long BaseCut { get; init; } = -1;
    }
}
