namespace OrleansPs.Simulation;

/// <summary>What befalls parties, looked for every so often while faults last.</summary>
internal sealed class Fate(World world)
{
    /// <summary>So often a run brings about what it aims, at most.</summary>
    private const int MostAimed = 3;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);
    private readonly Scheduler _scheduler = world.Scheduler;
    private SimWorker? _late;
    private int _aimed;

    private bool IsAimedAtLate => world.Profile.Aim is { Kind: FaultKind.LateJoin };

    public void Begin()
    {
        foreach (var worker in world.Workers)
        {
            var isLate = worker.Rank >= world.Spec.Workers;
            if (!isLate) worker.StartLater(_scheduler.Milliseconds(0, 30));
            else if (IsAimedAtLate || _scheduler.Chance(world.Profile[FaultKind.LateJoin])) ComeLate(worker);
            else worker.StayAway();
        }
        Look();
    }

    /// <summary>After each event: while the phase lasts at which the run aims, what carries the fault may come about.</summary>
    public void Aim()
    {
        if (world.Profile.Aim is not { Carrier: { } carrier } aim || _aimed == MostAimed || world.AreFaultsOver) return;
        if (!IsReadyFor(aim.Kind) || !Phases.AreIn(world, aim.Phase) || !_scheduler.Chance(0.2)) return;
        _aimed++;
        if (carrier == FaultKind.LateJoin) StartLate();
        else ActionOf(carrier)?.Invoke();
    }

    private bool IsReadyFor(FaultKind kind) => kind switch
    {
        FaultKind.DamagedSnapshot => world.Storage.HasSpare,
        FaultKind.OtherWorkerCount => world.Storage.Cuts.Any(),
        FaultKind.TornWrite => world.Storage.IsWriting,
        FaultKind.LateJoin => _late is not null,
        _ => true,
    };

    private void ComeLate(SimWorker worker)
    {
        _late = worker;
        worker.StartLater(IsAimedAtLate ? world.Profile.Until : _scheduler.Milliseconds(50, 2000), CountLate);
    }

    private void StartLate()
    {
        if (_late is not { State: WorkerState.Waiting } worker) return;
        CountLate();
        worker.Start();
    }

    private void CountLate()
    {
        world.Fault(FaultKind.LateJoin);
        _late = null;
    }

    private void Look() => _scheduler.After(Period, () =>
    {
        if (!world.AreFaultsOver)
            foreach (var kind in Enum.GetValues<FaultKind>()) Try(kind);
        if (_scheduler.Chance(world.Profile.Cuts)) world.Coordinator?.Do((c, now) => c.RequestSnapshot(now));
        world.Operator.EnsureCoordinator();
        Look();
    });

    private void Try(FaultKind kind)
    {
        if (ActionOf(kind) is { } action && _scheduler.Chance(world.Profile[kind] * Period.TotalSeconds)) action();
    }

    private Action? ActionOf(FaultKind kind) => kind switch
    {
        FaultKind.Partition => Partition,
        FaultKind.WorkerCrash => () => ToAny(kind, w => w.Crash()),
        FaultKind.WorkerPause => () => ToAny(kind, w => w.Pause()),
        FaultKind.WorkerTwin => () => ToAny(kind, w => w.Start()),
        FaultKind.WorkerLost => Lose,
        FaultKind.HandEviction => Evict,
        FaultKind.CoordinatorDeath => KillCoordinator,
        FaultKind.CoordinatorPause => PauseCoordinator,
        FaultKind.DeposedCoordinator => world.Operator.IsRestoring || world.Storage.Record.Witness is null ? null : world.Operator.Elect,
        FaultKind.Restore => () => world.Operator.Restore(mayBeginAnew: false),
        FaultKind.WholeCrash => world.Operator.CrashAll,
        FaultKind.WitnessLoss or FaultKind.SiloKill or FaultKind.SiloZombie or FaultKind.SiloIsolation or FaultKind.SiloPause
            or FaultKind.SiloPartition or FaultKind.SiloDrain or FaultKind.SiloJoin or FaultKind.Reactivation => () => world.SiloFate.Try(kind),
        _ => null,
    };

    private void ToAny(FaultKind kind, Action<SimWorker> action)
    {
        if (Any(WorkerState.Up) is not { } worker) return;
        world.Fault(kind);
        action(worker);
    }

    /// <summary>It counts when the coordinator hears of it, and the rank takes part.</summary>
    private void Evict()
    {
        world.Coordinator?.Do((c, now) =>
        {
            var rank = _scheduler.Random.Next(world.Workers.Count);
            if (world.Record.History.Lines.TryGetValue(rank, out var line) && line.Participates) world.Fault(FaultKind.HandEviction);
            c.Evict(rank, now);
        });
    }

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
        if (!coordinator.IsDead) world.Fault(FaultKind.CoordinatorPause);
        coordinator.Process.Pause();
        _scheduler.After(_scheduler.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(Math.Min(2, world.Spec.Lease.TotalSeconds)) * 2), () =>
        {
            if (!coordinator.Process.IsDead) coordinator.Process.Resume();
        });
    }
}
