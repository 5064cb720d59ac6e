namespace OrleansPs.Simulation;

/// <summary>Somebody changes the model's policy now and then, while faults last.</summary>
internal sealed class PolicyFate(World world)
{
    public void Begin()
    {
        if (world.Model.ChangesPolicy) Later();
    }

    private void Later() => world.Scheduler.After(world.Scheduler.Milliseconds(5, 60 * world.Profile.Pace + 40), () =>
    {
        if (world.AreFaultsOver) return;
        world.Coordinator?.Do((c, now) => c.RequestPolicy(c.State.Policy.With(world.Spec, Draw()), now));
        Later();
    });

    private PolicyChange Draw() => new()
    {
        Consistency = world.Scheduler.Random.Next(4) switch
        {
            // Under BSP no gradient is stale: a model that compensates that is refused.
            0 => world.Spec.Compensation == StalenessCompensation.None ? ConsistencyPolicy.BulkSynchronous : null,
            1 => ConsistencyPolicy.StaleSynchronous(world.Scheduler.Random.Next(4)),
            2 => ConsistencyPolicy.Asynchronous,
            _ => null,
        },
        BackupWorkers = world.Scheduler.Chance(0.3) ? world.Scheduler.Random.Next(world.Spec.Workers) : null,
    };
}
