using FsCheck.Xunit;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>What holds of a coordinator whatever happens to it.</summary>
public class RoughWorldTests
{
    private static readonly ModelSpec[] s_specs =
    [
        Of(ConsistencyPolicy.BulkSynchronous), Of(ConsistencyPolicy.StaleSynchronous(0)), Of(ConsistencyPolicy.StaleSynchronous(2)),
        Of(ConsistencyPolicy.Asynchronous), Of(ConsistencyPolicy.BulkSynchronous) with { BackupWorkers = 1 },
    ];

    [Property(MaxTest = 20)]
    public void Rounds_gates_cuts_and_calls_keep_their_rules(int seed)
    {
        foreach (var spec in s_specs)
        {
            var harness = new CoordinatorHarness(spec, seed);
            try
            {
                harness.Run(250);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} under {spec.Consistency} with {spec.BackupWorkers} backup workers: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void The_world_is_not_so_rough_that_nothing_happens()
    {
        foreach (var spec in s_specs)
        {
            var harness = new CoordinatorHarness(spec, seed: 1);
            harness.Run(2000);
            foreach (var what in new[] { "join", "clock", "manifest", "takeover" })
                Assert.True(harness.Seen.GetValueOrDefault(what) >= 10, $"{spec.Consistency} saw {harness.Seen.GetValueOrDefault(what)} times {what}.");
            Assert.True(spec.Consistency.Mode != ConsistencyMode.BulkSynchronous || harness.Seen["round"] >= 50);
            Assert.Equal(spec.BackupWorkers > 0, harness.Seen.ContainsKey("missed"));
        }
    }

    private static ModelSpec Of(ConsistencyPolicy policy) => CoordinatorStory.Spec(policy, workers: 3);
}
