namespace OrleansPs.Simulation;

/// <summary>What befalls parties, looked for every so often while faults last.</summary>
internal sealed class Fate(World world)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);
    private readonly Scheduler _scheduler = world.Scheduler;

    public void Begin()
    {
        foreach (var worker in world.Workers)
        {
            var isLate = worker.Rank >= world.Spec.Workers;
            if (isLate && !world.Befalls(FaultKind.LateJoin)) worker.StayAway();
            else worker.StartLater(isLate ? _scheduler.Milliseconds(50, 2000) : _scheduler.Milliseconds(0, 30));
        }
        Look();
    }

    private void Look() => _scheduler.After(Period, () =>
    {
        if (!world.AreFaultsOver)
            foreach (var kind in Enum.GetValues<FaultKind>()) Try(kind);
        if (_scheduler.Chance(0.03)) world.Coordinator?.Do((c, now) => c.RequestSnapshot(now));
        world.Operator.EnsureCoordinator();
        Look();
    });

    private void Try(FaultKind kind)
    {
        Action? action = kind switch
        {
            FaultKind.Partition => Partition,
            FaultKind.WorkerCrash => () => Any(WorkerState.Up)?.Crash(),
            FaultKind.WorkerPause => () => Any(WorkerState.Up)?.Pause(),
            FaultKind.WorkerTwin => () => Any(WorkerState.Up)?.Start(),
            FaultKind.WorkerLost => Lose,
            FaultKind.HandEviction => () => world.Coordinator?.Do((c, now) => c.Evict(_scheduler.Random.Next(world.Workers.Count), now)),
            FaultKind.CoordinatorDeath => KillCoordinator,
            FaultKind.CoordinatorPause => PauseCoordinator,
            FaultKind.DeposedCoordinator => world.Operator.IsRestoring || world.Storage.Record.Witness is null ? null : world.Operator.Elect,
            FaultKind.Restore => () => world.Operator.Restore(mayBeginAnew: false),
            FaultKind.WholeCrash => world.Operator.CrashAll,
            FaultKind.WitnessLoss or FaultKind.SiloKill or FaultKind.SiloZombie or FaultKind.SiloIsolation or FaultKind.SiloPause
                or FaultKind.SiloPartition or FaultKind.SiloDrain or FaultKind.SiloJoin => () => world.SiloFate.Try(kind),
            _ => null,
        };
        if (action is null || !_scheduler.Chance(world.Profile[kind] * Period.TotalSeconds)) return;
        if (!IsCountedElsewhere(kind)) world.Fault(kind);
        action();
    }

    private static bool IsCountedElsewhere(FaultKind kind) =>
        kind is FaultKind.Partition or FaultKind.WorkerLost or FaultKind.DeposedCoordinator or FaultKind.Restore or FaultKind.WholeCrash
            or FaultKind.CoordinatorDeath or (>= FaultKind.WitnessLoss and <= FaultKind.SiloJoin);

    private SimWorker? Any(WorkerState state)
    {
        var all = world.Workers.Where(w => w.State == state).ToArray();
        return all.Length == 0 ? null : all[_scheduler.Random.Next(all.Length)];
    }

    /// <summary>A worker dies for good. One that never joined can't: the model waits for it without limit.</summary>
    private void Lose()
    {
        if (Any(WorkerState.Up) is not { } worker) return;
        if (!world.Record.History.Lines.TryGetValue(worker.Rank, out var line) || line.Incarnation == 0) return;
        world.Fault(FaultKind.WorkerLost);
        worker.Crash(forever: true);
    }

    private void Partition()
    {
        var worker = Address.Worker(_scheduler.Random.Next(world.Workers.Count));
        if (world.Cluster.Pick() is { } silo) world.Network.Cut(worker, silo.Address, _scheduler.Milliseconds(50, 2500));
    }

    private void KillCoordinator()
    {
        if (world.Coordinator is not { IsDead: false } coordinator) return;
        // Where the record has no other copy its death puts the model back.
        var isLast = world.Storage.Record.Witness is not { } w || !world.Cluster.Find(w.Silo).IsUp || !world.Cluster.Find(w.Silo).Witnesses.ContainsKey(w.Nonce);
        if (isLast && !world.Profile.IsMerciless && (world.Model.HasWitness || !_scheduler.Chance(0.2))) return;
        world.Fault(FaultKind.CoordinatorDeath);
        world.Trace.Write($"the coordinator of term {coordinator.Term} dies");
        coordinator.Process.Kill();
    }

    private void PauseCoordinator()
    {
        if (world.Coordinator is not { } coordinator) return;
        coordinator.Process.Pause();
        _scheduler.After(_scheduler.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(Math.Min(2, world.Spec.Lease.TotalSeconds)) * 2), () =>
        {
            if (!coordinator.Process.IsDead) coordinator.Process.Resume();
        });
    }
}
