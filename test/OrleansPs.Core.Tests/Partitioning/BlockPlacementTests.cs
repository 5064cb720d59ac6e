using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Partitioning;

/// <summary>Which silo holds which block, and how little that changes.</summary>
public class BlockPlacementTests
{
    [Fact]
    public void New_blocks_go_around_the_silos() => Assert.Equal([0, 1, 2, 0, 1, 2, 0], Plan(3, -1, -1, -1, -1, -1, -1, -1));

    [Fact]
    public void The_fullest_silo_keeps_one_more() => Assert.Equal([1, 1, 1, 0, 0], Plan(2, 1, 1, 1, 1, 0));

    [Fact]
    public void A_model_without_blocks_is_placed_nowhere() => Assert.Empty(Plan(3));

    [Property(MaxTest = 300)]
    public Property Every_block_is_placed_and_no_silo_has_two_more_than_another() => Prop.ForAll(Placements(), p =>
    {
        var plan = BlockPlacement.Plan(p.Current, p.Silos);
        Assert.Equal(p.Current.Length, plan.Length);
        Assert.All(plan, silo => Assert.InRange(silo, 0, p.Silos - 1));
        AssertEven(plan, p.Silos);
    });

    [Property(MaxTest = 300)]
    public Property No_plan_moves_less() => Prop.ForAll(Placements(), p =>
    {
        // In an even spread a silo keeps its share at most, or one more if it is among the fullest.
        var (share, more) = Math.DivRem(p.Current.Length, p.Silos);
        var held = Counts(p.Current, p.Silos).OrderDescending().Select((h, i) => Math.Min(h, i < more ? share + 1 : share)).Sum();
        Assert.Equal(p.Current.Length - held, Moves(p.Current, BlockPlacement.Plan(p.Current, p.Silos)));
    });

    [Property(MaxTest = 300)]
    public Property What_is_even_stays() => Prop.ForAll(Placements(), p =>
    {
        var even = BlockPlacement.Plan(p.Current, p.Silos);
        Assert.Equal(even, BlockPlacement.Plan(even, p.Silos));
    });

    [Property(MaxTest = 300)]
    public Property When_a_silo_goes_its_blocks_alone_move() => Prop.ForAll(Placements(), p =>
    {
        var before = BlockPlacement.Plan(p.Current, p.Silos + 1);
        for (var gone = 0; gone <= p.Silos; gone++)
        {
            int[] left = [.. before.Select(s => s == gone ? BlockPlacement.Nowhere : s > gone ? s - 1 : s)];
            var after = BlockPlacement.Plan(left, p.Silos);
            Assert.All(left.Zip(after), x => Assert.True(x.First == BlockPlacement.Nowhere || x.First == x.Second));
            AssertEven(after, p.Silos);
        }
    });

    [Property(MaxTest = 300)]
    public Property When_a_silo_comes_its_share_alone_moves() => Prop.ForAll(Placements(), p =>
    {
        var before = BlockPlacement.Plan(p.Current, p.Silos);
        var after = BlockPlacement.Plan(before, p.Silos + 1);
        Assert.Equal(before.Length / (p.Silos + 1), Moves(before, after));
        Assert.All(before.Zip(after), x => Assert.True(x.First == x.Second || x.Second == p.Silos));
        AssertEven(after, p.Silos + 1);
    });

    [Property(MaxTest = 100)]
    public Property The_same_placement_gives_the_same_plan_and_stays_as_it_is() => Prop.ForAll(Placements(), p =>
    {
        int[] copy = [.. p.Current];
        Assert.Equal(BlockPlacement.Plan(p.Current, p.Silos), BlockPlacement.Plan(copy, p.Silos));
        Assert.Equal(copy, p.Current);
    });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 0)]
    [InlineData(2, 2)]
    [InlineData(2, int.MaxValue)]
    [InlineData(2, -2)]
    public void What_is_no_silo_is_refused(int silos, int silo) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockPlacement.Plan([0, silo], silos));

    [Fact]
    public void What_is_missing_is_named() => Assert.Throws<ArgumentNullException>(() => BlockPlacement.Plan(null!, 1));

    private static int[] Plan(int silos, params int[] current) => BlockPlacement.Plan(current, silos);

    private static Arbitrary<(int[] Current, int Silos)> Placements() => Arb.From(
        from silos in Gen.Choose(1, 7)
        from narrow in Gen.Choose(1, silos)
        from current in Gen.Choose(-1, narrow - 1).ArrayOf()
        select (current, silos));

    private static int[] Counts(IEnumerable<int> placement, int silos)
    {
        var counts = new int[silos];
        foreach (var silo in placement.Where(s => s >= 0)) counts[silo]++;
        return counts;
    }

    private static void AssertEven(int[] plan, int silos)
    {
        var counts = Counts(plan, silos);
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    private static int Moves(int[] from, int[] to) => from.Zip(to).Count(x => x.First != x.Second);
}
