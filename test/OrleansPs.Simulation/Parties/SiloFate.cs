using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>What befalls silos. Mostly one is spared that alone has something: so most runs put nobody back.</summary>
internal sealed class SiloFate(World world)
{
    private const int MaxSilos = 5;
    private readonly Scheduler _scheduler = world.Scheduler;

    public bool Try(FaultKind kind) => kind switch
    {
        FaultKind.SiloKill => Doomed() is { } silo && Happens(kind, () => Kill(silo)),
        FaultKind.SiloZombie => Doomed() is { } silo && Happens(kind, () => PauseForLong(silo)),
        FaultKind.SiloIsolation => Doomed() is { } silo && Happens(kind, () => Isolate(silo)),
        FaultKind.SiloPause => Any() is { } silo && Happens(kind, () => Pause(silo)),
        FaultKind.SiloPartition => Partition(),
        FaultKind.SiloDrain => world.Cluster.Up.Count(s => !s.IsDraining) > 1 && Any() is { IsDraining: false } silo && Happens(kind, () => Drain(silo)),
        FaultKind.SiloJoin => world.Cluster.Up.Count() < MaxSilos && Happens(kind, world.Cluster.Join),
        FaultKind.WitnessLoss => LoseWitness(),
        FaultKind.Reactivation => Reactivate(),
        _ => false,
    };

    /// <summary>Who has just become a primary, or has got another standby, is often the one: that is when it matters most.</summary>
    public void MapChanged(ReplicaSite primary)
    {
        var kind = _scheduler.Random.Next(3) switch { 0 => FaultKind.SiloKill, 1 => FaultKind.SiloZombie, _ => FaultKind.SiloIsolation };
        // Above all while its standby lacks something.
        var lacks = world.ReplicaAt(primary)?.Core is { } core && core.Standbys.Any(s => s.Acknowledged < core.Replica.LastEntry);
        if (world.AreFaultsOver || !_scheduler.Chance(world.Profile[kind] * (lacks ? 0.6 : 0.06))) return;
        _scheduler.After(_scheduler.Milliseconds(0, 20), () =>
        {
            var silo = world.Cluster.Find(primary.Silo);
            if (!silo.IsUp || world.Operator.IsRestoring || !(world.Profile.IsMerciless || world.Survives(silo))) return;
            Happens(kind, () =>
            {
                if (kind == FaultKind.SiloKill) Kill(silo);
                else if (kind == FaultKind.SiloZombie) PauseForLong(silo);
                else Isolate(silo);
            });
        });
    }

    private bool Happens(FaultKind kind, Action action)
    {
        world.Fault(kind);
        action();
        return true;
    }

    private SimSilo? Any()
    {
        var some = world.Cluster.Up.ToArray();
        return some.Length == 0 ? null : some[_scheduler.Random.Next(some.Length)];
    }

    /// <summary>A silo that may be lost now.</summary>
    private SimSilo? Doomed()
    {
        var some = world.Cluster.Up.ToArray();
        if (some.Length < 2) return null;
        var silo = some[_scheduler.Random.Next(some.Length)];
        if (world.Profile.IsMerciless) return silo;
        if (!world.Operator.IsRestoring && world.Survives(silo)) return silo;
        return !world.Spec.Durability.IsReplicated && _scheduler.Chance(0.2) ? silo : null;
    }

    private void Kill(SimSilo silo)
    {
        silo.Kill();
        // The end of its connections is seen at once, or its silence later.
        _scheduler.After(_scheduler.Milliseconds(5, 400), () => world.Cluster.DeclareDead(silo));
        ComeBack();
    }

    private void Pause(SimSilo silo)
    {
        silo.Process.Pause();
        _scheduler.After(_scheduler.Milliseconds(5, 350), silo.Process.Resume);
    }

    private void PauseForLong(SimSilo silo)
    {
        silo.Process.Pause();
        var detection = _scheduler.Milliseconds(400, 900);
        _scheduler.After(detection, () => world.Cluster.DeclareDead(silo));
        var resumed = detection + _scheduler.Milliseconds(0, 1500);
        _scheduler.After(resumed, silo.Process.Resume);
        _scheduler.After(resumed + _scheduler.Milliseconds(5, 1500), silo.Kill);
        ComeBack();
    }

    /// <summary>It goes on, and reaches workers, but hears no other silo, or none hears it either: they take it for dead, and it is the last to hear of it.</summary>
    private void Isolate(SimSilo silo)
    {
        var time = TimeSpan.FromSeconds(4);
        var isDeaf = _scheduler.Chance(0.4);
        foreach (var other in world.Cluster.Up.Where(s => s != silo).ToArray())
        {
            world.Network.CutOneWay(other.Address, silo.Address, time);
            if (!isDeaf) world.Network.CutOneWay(silo.Address, other.Address, time);
        }
        var detection = _scheduler.Milliseconds(100, isDeaf ? 2500 : 600);
        _scheduler.After(detection, () => world.Cluster.DeclareDead(silo));
        _scheduler.After(detection + _scheduler.Milliseconds(5, 2500), silo.Kill);
        ComeBack();
    }

    private bool Partition()
    {
        var some = world.Cluster.Up.ToArray();
        if (some.Length < 2) return false;
        var (one, other) = (some[_scheduler.Random.Next(some.Length)], some[_scheduler.Random.Next(some.Length)]);
        if (one == other) return false;
        var time = _scheduler.Milliseconds(30, _scheduler.Chance(0.2) ? 2500 : 400);
        if (_scheduler.Chance(0.5)) world.Network.CutOneWay(one.Address, other.Address, time);
        else world.Network.Cut(one.Address, other.Address, time);
        return true;
    }

    /// <summary>It is emptied; when that is done, or takes too long, it goes.</summary>
    private void Drain(SimSilo silo)
    {
        world.Cluster.Drain(silo, true);
        var end = _scheduler.Time + _scheduler.Milliseconds(300, 4000);
        Look();

        void Look() => _scheduler.After(TimeSpan.FromMilliseconds(50), () =>
        {
            if (!silo.IsUp) return;
            var isEmpty = !world.Record.Map.Any(s => s.Primary.Silo == silo.Name || s.Standby?.Silo == silo.Name);
            if (!isEmpty && _scheduler.Time < end) Look();
            else if (world.Cluster.Up.Count() > 1 && !world.Operator.IsRestoring && world.Survives(silo))
            {
                silo.Kill();
                world.Cluster.DeclareDead(silo);
                ComeBack();
            }
            else world.Cluster.Drain(silo, false);
        });
    }

    private bool LoseWitness()
    {
        if (world.Operator.IsRestoring || world.Operator.IsElecting || world.Storage.Record.Witness is not { } site) return false;
        var isWritten = world.Coordinator is { IsOver: false, IsGone: false } c && c.Term == world.Storage.Record.Term;
        if (!world.Profile.IsMerciless && !isWritten) return false;
        if (!world.Cluster.Find(site.Silo).Witnesses.ContainsKey(site.Nonce)) return false;
        return Happens(FaultKind.WitnessLoss, () => world.Cluster.Find(site.Silo).Witnesses.Remove(site.Nonce));
    }

    /// <summary>A replica ends while its silo goes on, as a grain may: mostly one of a block that has another one.</summary>
    private bool Reactivate()
    {
        if (world.Operator.IsRestoring) return false;
        var sites = world.Record.Map[_scheduler.Random.Next(world.BlockCount)];
        var isPrimary = sites.Standby is null || _scheduler.Chance(0.5);
        var (site, other) = isPrimary ? (sites.Primary, sites.Standby) : (sites.Standby!, sites.Primary);
        var isSpare = other is not null && world.IsSpared(other);
        if (world.ReplicaAt(site) is not { } replica || !(isSpare || world.Profile.IsMerciless)) return false;
        return Happens(FaultKind.Reactivation, replica.Reactivate);
    }

    private void ComeBack() => _scheduler.After(_scheduler.Milliseconds(100, 2500), () =>
    {
        if (world.Cluster.Up.Count() < MaxSilos) world.Cluster.Join();
    });
}
