using FsCheck.Xunit;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>What holds of a coordinator whatever happens to it.</summary>
public class RoughWorldTests
{
    private static readonly ConsistencyPolicy[] s_policies =
    [
        ConsistencyPolicy.BulkSynchronous, ConsistencyPolicy.StaleSynchronous(0), ConsistencyPolicy.StaleSynchronous(2),
        ConsistencyPolicy.Asynchronous,
    ];

    [Property(MaxTest = 20)]
    public void Rounds_gates_cuts_and_calls_keep_their_rules(int seed)
    {
        foreach (var policy in s_policies)
        {
            var harness = new CoordinatorHarness(CoordinatorStory.Spec(policy, workers: 3), seed);
            try
            {
                harness.Run(250);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} under {policy}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void The_world_is_not_so_rough_that_nothing_happens()
    {
        foreach (var policy in s_policies)
        {
            var harness = new CoordinatorHarness(CoordinatorStory.Spec(policy, workers: 3), seed: 1);
            harness.Run(2000);
            foreach (var what in new[] { "join", "clock", "manifest", "takeover" })
                Assert.True(harness.Seen.GetValueOrDefault(what) >= 10, $"{policy} saw {harness.Seen.GetValueOrDefault(what)} times {what}.");
            Assert.True(policy.Mode != ConsistencyMode.BulkSynchronous || harness.Seen["round"] >= 50);
        }
    }
}
