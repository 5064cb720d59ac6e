using FsCheck.Xunit;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Partitioning;

public class BlockPlacementTests
{
    [Property(MaxTest = 300)]
    public void Every_block_has_a_silo_and_no_two_silos_differ_by_more_than_one_block(int seed)
    {
        var (current, silos) = Draw(seed);

        var counts = Counts(BlockPlacement.Plan(current, silos), silos);

        Assert.Equal(current.Length, counts.Sum());
        Assert.True(counts.Max() - counts.Min() <= 1, $"Seed {seed}: {string.Join(' ', counts)}");
    }

    [Property(MaxTest = 300)]
    public void No_more_blocks_move_than_evenness_asks_for(int seed)
    {
        var (current, silos) = Draw(seed);

        var plan = BlockPlacement.Plan(current, silos);

        var moves = current.Where((silo, block) => silo != BlockPlacement.Nowhere && plan[block] != silo).Count();
        var held = Counts(current, silos).OrderDescending().ToArray();
        var (share, more) = Math.DivRem(current.Length, silos);
        Assert.Equal(held.Select((h, i) => Math.Max(0, h - (i < more ? share + 1 : share))).Sum(), moves);
    }

    [Property(MaxTest = 300)]
    public void A_plan_that_is_carried_out_asks_for_nothing_more(int seed)
    {
        var (current, silos) = Draw(seed);
        var plan = BlockPlacement.Plan(current, silos);

        Assert.Equal(plan, BlockPlacement.Plan(plan, silos));
        Assert.Equal(plan, BlockPlacement.Plan(current, silos));
    }

    [Theory]
    [InlineData(12, 3)]
    [InlineData(13, 4)]
    [InlineData(5, 8)]
    public void A_silo_that_goes_moves_its_own_blocks_alone_and_one_that_comes_takes_its_share(int blocks, int silos)
    {
        var before = BlockPlacement.Plan([.. Enumerable.Repeat(BlockPlacement.Nowhere, blocks)], silos);
        int[] lost = [.. before.Select(s => s == silos - 1 ? BlockPlacement.Nowhere : s)];
        var after = BlockPlacement.Plan(lost, silos - 1);
        Assert.All(Enumerable.Range(0, blocks).Where(b => lost[b] >= 0), b => Assert.Equal(before[b], after[b]));

        var grown = BlockPlacement.Plan(before, silos + 1);
        Assert.All(Enumerable.Range(0, blocks).Where(b => grown[b] != before[b]), b => Assert.Equal(silos, grown[b]));
        Assert.InRange(grown.Count(s => s == silos), blocks / (silos + 1), (blocks / (silos + 1)) + 1);
    }

    [Fact]
    public void What_can_not_be_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => BlockPlacement.Plan(null!, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockPlacement.Plan([0], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockPlacement.Plan([0, 2], 2));
        Assert.Empty(BlockPlacement.Plan([], 3));
    }

    private static (int[] Current, int Silos) Draw(int seed)
    {
        var random = new Random(seed);
        var silos = random.Next(1, 9);
        return ([.. Enumerable.Range(0, random.Next(60)).Select(_ => random.Next(-1, silos))], silos);
    }

    private static int[] Counts(int[] plan, int silos) => [.. Enumerable.Range(0, silos).Select(s => plan.Count(p => p == s))];
}
