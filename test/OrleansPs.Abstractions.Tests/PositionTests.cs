namespace OrleansPs.Abstractions.Tests;

/// <summary>Positions, clocks and policies as values.</summary>
public class PositionTests
{
    [Fact]
    public void A_position_has_no_inherited_cursors_by_default()
    {
        Assert.Empty(default(WorkerPosition).Inherited);
        Assert.Empty(new WorkerPosition(1, 2, 3).Inherited);
        Assert.Equal(new WorkerPosition(1, 2, 3), new WorkerPosition(1, 2, 3) { Inherited = [] });
        Assert.Equal([new InheritedCursor(4, 5, 6)], new WorkerPosition(1, 2, 3) { Inherited = [new(4, 5, 6)] }.Inherited);
    }

    [Fact]
    public void Staleness_is_the_way_to_the_slowest() => Assert.Equal(3, new ClockResult(10, 7).Staleness);

    [Fact]
    public void A_policy_explains_itself()
    {
        Assert.Equal(["BSP", "SSP(2)", "ASP"], new[]
        {
            ConsistencyPolicy.BulkSynchronous, ConsistencyPolicy.StaleSynchronous(2), ConsistencyPolicy.Asynchronous,
        }.Select(p => p.ToString()));
        Assert.Equal(ConsistencyPolicy.StaleSynchronous(2), ConsistencyPolicy.StaleSynchronous(2));
        Assert.NotEqual(ConsistencyPolicy.BulkSynchronous, ConsistencyPolicy.StaleSynchronous(0));
        Assert.Equal((0, int.MaxValue), (ConsistencyPolicy.BulkSynchronous.Staleness, ConsistencyPolicy.Asynchronous.Staleness));
    }

    [Fact]
    public void Durability_keeps_three_snapshots_taken_by_hand_by_default()
    {
        var policy = DurabilityPolicy.Snapshot();
        Assert.Equal((false, 0L, null as TimeSpan?, 3), (policy.IsReplicated, policy.EveryClocks, policy.Interval, policy.Keep));
        Assert.True(DurabilityPolicy.Replicated(5, TimeSpan.FromSeconds(1), 2) is { IsReplicated: true, EveryClocks: 5, Keep: 2 });
    }
}
