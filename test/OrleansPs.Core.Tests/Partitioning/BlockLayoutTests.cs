using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Partitioning;

/// <summary>How parameters are cut into blocks. 4096 bytes are 1024 floats.</summary>
public class BlockLayoutTests
{
    [Fact]
    public void Small_parameters_share_a_block_in_their_order() => Assert.Equal(
        ["0: a[0..10]@0 b[0..20]@10 c[0..1]@30"], Layout(4096, ("a", 10), ("b", 20), ("c", 1)));

    [Fact]
    public void One_that_does_not_fit_any_more_begins_the_next_block() => Assert.Equal(
        ["0: a[0..1000]@0", "1: b[0..25]@0 c[0..999]@25"], Layout(4096, ("a", 1000), ("b", 25), ("c", 999)));

    [Fact]
    public void A_large_one_begins_a_block_fills_as_many_as_it_needs_and_shares_the_last() => Assert.Equal(
        ["0: a[0..5]@0", "1: b[0..1024]@0", "2: b[1024..2048]@0", "3: b[2048..2100]@0 c[0..7]@52"],
        Layout(4096, ("a", 5), ("b", 2100), ("c", 7)));

    [Fact]
    public void One_that_fits_exactly_fills_its_block() => Assert.Equal(
        ["0: a[0..1024]@0", "1: b[0..1000]@0 c[0..24]@1000", "2: d[0..1]@0"],
        Layout(4096, ("a", 1024), ("b", 1000), ("c", 24), ("d", 1)));

    [Fact]
    public void A_parameter_is_found_by_its_name()
    {
        var layout = BlockLayout.Create(Spec(4096, ("a", 5), ("b", 2100)));
        Assert.Equal(1, layout.IndexOf("b"));
        Assert.Equal(-1, layout.IndexOf("B"));
        Assert.Equal([new(1, 0), new(2, 0), new(3, 0)], layout.PlacementOf(1).Pieces);
    }

    [Property(MaxTest = 100)]
    public Property Every_element_is_in_exactly_one_place() => Prop.ForAll(Specs(), spec =>
    {
        var layout = BlockLayout.Create(spec);
        var seen = spec.Parameters.Select(p => new bool[p.Length]).ToArray();
        foreach (var segment in layout.Blocks.SelectMany(b => b.Segments))
        {
            for (var i = segment.Start; i < segment.Start + segment.Length; i++)
            {
                Assert.False(seen[segment.Parameter][i], $"Element {i} of parameter {segment.Parameter} is in two segments.");
                seen[segment.Parameter][i] = true;
            }
        }
        Assert.All(seen, parameter => Assert.DoesNotContain(false, parameter));
    });

    [Property(MaxTest = 100)]
    public Property Blocks_are_full_of_segments_without_gaps_and_within_their_size() => Prop.ForAll(Specs(), spec =>
    {
        var layout = BlockLayout.Create(spec);
        for (var b = 0; b < layout.Blocks.Count; b++)
        {
            var block = layout.Blocks[b];
            Assert.Equal(b, block.Index);
            Assert.InRange(block.Length, 1, spec.BlockBytes / sizeof(float));
            var end = 0;
            foreach (var segment in block.Segments)
            {
                Assert.Equal(end, segment.Offset);
                Assert.True(segment.Length > 0);
                end += segment.Length;
            }
            Assert.Equal(block.Length, end);
        }
    });

    [Property(MaxTest = 100)]
    public Property The_packed_vector_has_the_order_of_the_spec() => Prop.ForAll(Specs(), spec =>
    {
        var walk = BlockLayout.Create(spec).Blocks.SelectMany(b => b.Segments).Select(s => (s.Parameter, s.Start)).ToArray();
        Assert.Equal(walk.Order(), walk);
    });

    [Property(MaxTest = 100)]
    public Property Only_what_is_larger_than_a_block_is_cut_and_it_begins_its_block() => Prop.ForAll(Specs(), spec =>
    {
        var layout = BlockLayout.Create(spec);
        for (var p = 0; p < spec.Parameters.Count; p++)
        {
            var pieces = layout.PlacementOf(p).Pieces;
            var capacity = spec.BlockBytes / sizeof(float);
            Assert.Equal((spec.Parameters[p].Length + capacity - 1) / capacity, pieces.Count);
            if (pieces.Count == 1) continue;
            // Each piece begins a block, so every cut lies on a multiple of the block size, which is one of 64 bytes.
            Assert.All(pieces, piece => Assert.Equal(0, Segment(layout, piece).Offset));
            Assert.All(pieces, piece => Assert.Equal(0, Segment(layout, piece).Start * sizeof(float) % 64));
        }
    });

    [Property(MaxTest = 100)]
    public Property A_parameters_pieces_are_where_its_placement_says() => Prop.ForAll(Specs(), spec =>
    {
        var layout = BlockLayout.Create(spec);
        for (var p = 0; p < spec.Parameters.Count; p++)
        {
            var start = 0;
            foreach (var piece in layout.PlacementOf(p).Pieces)
            {
                Assert.Equal((p, start), (Segment(layout, piece).Parameter, Segment(layout, piece).Start));
                start += Segment(layout, piece).Length;
            }
            Assert.Equal(spec.Parameters[p].Length, start);
            Assert.Equal(p, layout.IndexOf(spec.Parameters[p].Name));
        }
    });

    [Property(MaxTest = 100)]
    public Property The_same_parameters_and_block_size_give_the_same_layout_whatever_else_differs() => Prop.ForAll(Specs(), spec =>
    {
        var other = spec with
        {
            Optimizer = Optimizer.Adam(),
            Consistency = ConsistencyPolicy.Asynchronous,
            Workers = 7,
            Seed = 99,
            Schedule = LearningRateSchedule.Cosine(5),
        };
        Assert.Equal(Describe(BlockLayout.Create(spec)), Describe(BlockLayout.Create(other)));
    });

    // Sizes around those of a block, and many small ones.
    private static Arbitrary<ModelSpec> Specs()
    {
        var length = Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(1, 1100), Gen.Choose(1000, 5000), Gen.Elements(1023, 1024, 1025, 2048));
        var gen = from lengths in length.NonEmptyListOf()
                  from blockBytes in Gen.Elements(4096, 4096 + 64, 8192)
                  select Spec(blockBytes, [.. lengths.Select((l, i) => ($"p{i}", l))]);
        return Arb.From(gen);
    }

    private static ModelSpec Spec(int blockBytes, params (string Name, int Length)[] parameters) => new("layout")
    {
        Parameters = [.. parameters.Select(p => new DenseParameter(p.Name, [p.Length]))],
        Optimizer = Optimizer.Sgd(),
        BlockBytes = blockBytes,
    };

    private static IEnumerable<string> Layout(int blockBytes, params (string Name, int Length)[] parameters) =>
        Describe(BlockLayout.Create(Spec(blockBytes, parameters)));

    private static IEnumerable<string> Describe(BlockLayout layout) => layout.Blocks.Select(b =>
        $"{b.Index}: {string.Join(' ', b.Segments.Select(s => $"{(char)('a' + s.Parameter)}[{s.Start}..{s.Start + s.Length}]@{s.Offset}"))}");

    private static Segment Segment(BlockLayout layout, SegmentAddress at) => layout.Blocks[at.Block].Segments[at.Index];
}
