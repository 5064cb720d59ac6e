namespace OrleansPs.Simulation;

/// <summary>What a run was like.</summary>
internal sealed record SimulationReport(
    int Seed, string? Violation, long Events, TimeSpan Time, ulong Hash, FaultCounts Faults, int Snapshots, int Deltas, int Promotions,
    float[][] Final, IReadOnlyList<string> Trace);

/// <summary>One run of the engine under faults: everything in it follows from its seed.</summary>
public static class SimulationRun
{
    private const long MaxEvents = 1_000_000;

    /// <summary>A short run goes on: snapshots are still taken, and what is left of its messages comes.</summary>
    private const long MinEvents = 500;
    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Stragglers = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(60);

    /// <summary>Runs a seed.</summary>
    /// <returns>Null if all promises held; otherwise which was broken, and on the following lines how.</returns>
    public static string? Run(int seed) => Report(seed).Violation;

    /// <summary>Runs a seed, and says all that happened.</summary>
    public static IReadOnlyList<string> Trace(int seed) => Report(seed, isTraced: true).Trace;

    internal static SimulationReport Report(int seed, bool isTraced = false) =>
        Report(seed, ModelDraw.Draw(seed), isTraced);

    private static SimulationReport Report(int seed, ModelDraw model, bool isTraced) =>
        Report(seed, model, FaultProfile.Draw(new Random(seed)).AimedAt(Aim.Draw(seed, model)), isTraced);

    internal static SimulationReport Report(int seed, ModelDraw model, FaultProfile profile, bool isTraced = false)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            using var world = new World(seed, model, profile, isTraced);
            Play(world);
            return new(
                seed, world.Violation, world.Scheduler.Events, world.Scheduler.Time, world.Trace.Hash, world.Faults,
                world.Snapshots.Checked, world.Snapshots.Deltas, world.Promotions.Count, FinalCheck.Values(world), world.Trace.Lines);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static void Play(World world)
    {
        try
        {
            if (world.Trace.IsOn) world.Trace.Write($"{world.Spec.Consistency}, {world.Spec.Workers} of {world.Spec.RankLimit} workers, {world.Work.Items} items, {world.BlockCount} blocks, lease {world.Spec.Lease}, replicated {world.Spec.Durability.IsReplicated}, witness {world.Model.HasWitness}, {world.Model.Silos} silos, merciless {world.Profile.IsMerciless}");
            world.Cluster.Start(world.Model.Silos);
            world.Operator.Begin(world.Storage.Pointer, null);
            world.Fate.Begin();
            world.Policies.Begin();
            RunUntil(world, () => IsDone(world), "not all workers finish");
            var end = world.Scheduler.Time + Stragglers;
            RunUntil(world, () => world.Scheduler.Time >= end, "what was under way does not end");
            RunUntil(world, () => world.Scheduler.Events >= MinEvents, "nothing happens any more");
            end = world.Scheduler.Time + Settling;
            RunUntil(world, () => IsSettled(world) || world.Scheduler.Time >= end, "the run does not end");
            if (!IsSettled(world)) world.Violate("Liveness", $"The map does not settle: {State(world)}");
            if (world.Violation is null) FinalCheck.Check(world);
            if (world.Violation is null) ReplicaReader.ComparePairs(world);
        }
#pragma warning disable CA1031 // Whatever the engine throws at an event is a finding.
        catch (Exception e)
#pragma warning restore CA1031
        {
            world.Violate("P8", $"An event threw {e}");
        }
    }

    private static bool IsDone(World world) =>
        world.AreFaultsOver && !world.Operator.IsRestoring
        && world.Workers.All(w => w.State is WorkerState.Done or WorkerState.Gone);

    private static bool IsSettled(World world) =>
        world.Violation is not null || (!world.Operator.IsRestoring && world.Coordinator is { IsOver: false, IsGone: false, IsSettled: true });

    private static void RunUntil(World world, Func<bool> isOver, string otherwise)
    {
        while (world.Violation is null && !isOver())
        {
            if (world.Scheduler.Events > MaxEvents || world.Scheduler.Time > MaxTime || !world.Scheduler.RunNext())
                world.Violate("Liveness", $"After {world.Scheduler.Events} events and {world.Scheduler.Time} {otherwise}: {State(world)}");
            world.Fate.Aim();
        }
    }

    private static string State(World world) => string.Join("; ",
        world.Workers.Select(w => $"rank {w.Rank} is {w.State}")
            .Concat(world.Coordinators.Select(c => c.ToString()))
            .Concat(world.Cluster.All.Where(x => !x.Process.IsDead).SelectMany(x => x.Replicas.Values.Select(r => $"{r.Site.Key} {r}")))
            .Append($"restoring {world.Operator.IsRestoring}, up {string.Join(' ', world.Cluster.View.Usable)}, {world.Storage.Record}")
            .Concat(world.Record.History.Lines.Select(l =>
                $"record: rank {l.Key} step {l.Value.Step} clock {l.Value.Clock} incarnation {l.Value.Incarnation} takes part {l.Value.Participates}")));
}
