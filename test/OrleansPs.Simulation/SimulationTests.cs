using Xunit.Abstractions;

namespace OrleansPs.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int FirstSeed = 1;
    private const int Seeds = 400;

    private static int FreshSeeds => int.TryParse(Environment.GetEnvironmentVariable("SIM_FRESH"), out var seeds) ? seeds : 400;

    [Fact]
    public void All_promises_hold_under_every_kind_of_fault()
    {
        var asked = SeedRuns.Asked();
        var faults = new FaultCounts();
        var failed = SeedRuns.Run(asked ?? [.. Enumerable.Range(FirstSeed, Seeds)], output, faults);
        if (asked is [var one] && Environment.GetEnvironmentVariable("SIM_TRACE") == "1")
            foreach (var line in SimulationRun.Report(one, isTraced: true).Trace) output.WriteLine(line);
        Assert.True(failed.Count == 0, $"{failed.Count} seeds failed.\n{SeedRuns.Explain(failed)}");
        Assert.All(Enum.GetValues<Phase>(), phase => Assert.All(Enum.GetValues<FaultKind>(), kind =>
            Assert.True(faults[kind, phase] == 0 || !ImpossibleCells.Contain(kind, phase), $"A {kind} can come about in {phase}.")));
        if (asked is null)
            Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.True(faults[kind] > 0, $"No run had a {kind}."));
    }

    [Fact]
    public void Seeds_that_once_failed_pass()
    {
        var failed = SeedRuns.Run([.. SeedRuns.OnceFailed()], output, new());
        Assert.True(failed.Count == 0, SeedRuns.Explain(failed));
    }

    /// <summary>Other seeds each time: which ones is printed, and a seed that fails says how to replay it.</summary>
    [Fact]
    public void Seeds_that_nobody_ran_before_pass()
    {
        var first = Random.Shared.Next(1_000_000, int.MaxValue - FreshSeeds);
        output.WriteLine($"Seeds {first}..{first + FreshSeeds - 1}; SIM_FRESH says how many.");
        var failed = SeedRuns.Run([.. Enumerable.Range(first, FreshSeeds)], output, new());
        Assert.True(failed.Count == 0, SeedRuns.Explain(failed));
    }

    /// <summary>Nobody is evicted, leaves or pauses its data here, so that the same ranks make up the same rounds.</summary>
    [Fact]
    public void Under_BSP_the_result_is_the_same_bits_whatever_the_faults_the_order_and_the_block_size()
    {
        for (var seed = FirstSeed; seed < FirstSeed + 30; seed++)
        {
            var calm = Final(seed, FaultProfile.Calm, 4096);
            foreach (var size in ModelDraw.Sizes)
            {
                var stormy = FaultProfile.Draw(new Random(seed * 31 + size)).Without(
                    FaultKind.WorkerLost, FaultKind.HandEviction, FaultKind.OutOfDataAndBack, FaultKind.EarlyLeave,
                    FaultKind.LateJoin, FaultKind.OtherWorkerCount);
                var values = Final(seed, stormy, size);
                for (var p = 0; p < calm.Length; p++)
                    Assert.True(calm[p].AsSpan().SequenceEqual(values[p]), $"Seed {seed}, blocks of {size}: parameter {p} differs.");
            }
        }

        static float[][] Final(int seed, FaultProfile profile, int size)
        {
            // Without backup workers: with them it is the order of arrival that says who counts in a round.
            var model = ModelDraw.Draw(seed, size, ConsistencyPolicy.BulkSynchronous, TimeSpan.FromHours(1)).WithoutBackups();
            var report = SimulationRun.Report(seed + size, model, profile);
            Assert.True(report.Violation is null, $"Seed {seed}: {report.Violation}");
            return report.Final;
        }
    }

    [Fact]
    public void The_same_seed_runs_the_same_events()
    {
        for (var seed = FirstSeed; seed < FirstSeed + 20; seed++)
        {
            var (one, other) = (SimulationRun.Report(seed), SimulationRun.Report(seed));
            Assert.Equal((one.Hash, one.Events, one.Time), (other.Hash, other.Events, other.Time));
        }
    }
}
