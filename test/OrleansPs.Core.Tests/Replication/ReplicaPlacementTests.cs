using FsCheck.Xunit;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Tests.Replication;

/// <summary>Where replicas should be.</summary>
public class ReplicaPlacementTests
{
    [Property(MaxTest = 300)]
    public void No_silo_has_two_replicas_of_a_block(int seed)
    {
        var world = new Drawn(seed);
        Assert.All(world.Plan(), p =>
        {
            Assert.Contains(p.Primary, world.Silos);
            Assert.NotEqual(p.Primary, p.Standby);
            Assert.Equal(world.Silos.Length > 1, p.Standby is not null);
        });
    }

    [Property(MaxTest = 300)]
    public void Replicas_and_primaries_are_spread_evenly(int seed)
    {
        var world = new Drawn(seed);
        var plan = world.Plan();
        var replicas = world.Silos.Select(s => plan.Count(p => p.Primary == s || p.Standby == s)).ToArray();
        Assert.True(replicas.Max() - replicas.Min() <= 1, $"Seed {seed}: {string.Join(' ', replicas)} replicas.");
        // An exchange can't mend what no pair of silos shares; it does as far as each pair goes.
        Assert.All(plan, p => Assert.True(p.Standby is null
            || plan.Count(o => o.Primary == p.Primary) - plan.Count(o => o.Primary == p.Standby) < 2));
    }

    [Property(MaxTest = 300)]
    public void A_plan_that_is_carried_out_is_the_plan(int seed)
    {
        var world = new Drawn(seed);
        var plan = world.Plan();
        Assert.Equal(plan, ReplicaPlacement.Plan(plan, world.Silos, isReplicated: true));
    }

    [Property(MaxTest = 300)]
    public void Nothing_is_copied_when_all_are_there_and_even(int seed)
    {
        var world = new Drawn(seed);
        var settled = world.Plan();
        if (world.Silos.Length < 3) return;
        // One silo goes: only what it held is made again, and what evens the rest out.
        var rest = world.Silos[1..];
        var plan = ReplicaPlacement.Plan(settled, rest, isReplicated: true);
        var held = settled.Count(p => p.Primary == world.Silos[0] || p.Standby == world.Silos[0]);
        Assert.InRange(Copies(settled, plan), 0, held + rest.Length);
    }

    [Fact]
    public void A_primary_rather_changes_roles_than_moves()
    {
        ReplicaSilos[] current = [new("a", "b"), new("a", "b")];
        Assert.Equal(0, Copies(current, ReplicaPlacement.Plan(current, ["a", "b"], isReplicated: true)));
        Assert.Equal(new ReplicaSilos("b", "c"), ReplicaPlacement.Plan([new("a", "b")], ["b", "c"], isReplicated: true)[0]);
    }

    [Fact]
    public void Without_replication_there_are_no_standbys()
    {
        Assert.Equal([new("b", null), new("a", null)], ReplicaPlacement.Plan([new("x", "b"), new("x", null)], ["a", "b"], isReplicated: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => ReplicaPlacement.Plan([], [], isReplicated: true));
    }

    private static int Copies(IReadOnlyList<ReplicaSilos> from, IReadOnlyList<ReplicaSilos> to) => from.Zip(to).Sum(x =>
        new[] { x.Second.Primary, x.Second.Standby }.Count(s => s is not null && s != x.First.Primary && s != x.First.Standby));

    private sealed class Drawn
    {
        private readonly ReplicaSilos[] _current;

        public Drawn(int seed)
        {
            var random = new Random(seed);
            Silos = [.. Enumerable.Range(0, random.Next(1, 7)).Select(i => $"s{i}")];
            string?[] all = [.. Silos, "gone", null];
            _current = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ =>
            {
                var (primary, standby) = (all[random.Next(all.Length)], all[random.Next(all.Length)]);
                return new ReplicaSilos(primary, standby == primary ? null : standby);
            })];
        }

        public string[] Silos { get; }

        public IReadOnlyList<ReplicaSilos> Plan() => ReplicaPlacement.Plan(_current, Silos, isReplicated: true);
    }
}
