using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>Starts coordinators, puts the model back to snapshots, and starts all of it again after a crash.</summary>
internal sealed class Operator(World world)
{
    private readonly Scheduler _scheduler = world.Scheduler;
    private readonly List<Election> _elections = [];
    private Process _restorer = new();

    /// <summary>Whether a restore is under way.</summary>
    public bool IsRestoring { get; private set; }

    public bool IsElecting => _elections.Exists(e => e.IsUnderWay);

    /// <summary>Whether somebody is taking a term, be it one that the others take for dead.</summary>
    public bool IsTermTaken => _elections.Exists(e => e.IsUnderWay || e.IsSwapping);

    /// <summary>Some silo takes a new term, and decides from then on. Several may try at the same time.</summary>
    public void Elect()
    {
        _elections.RemoveAll(e => !e.IsUnderWay && !e.IsSwapping);
        if (world.Cluster.Pick() is not { } silo) return;
        var election = new Election(world, silo);
        _elections.Add(election);
        election.Begin();
    }

    /// <summary>Somebody has to be coordinator: asks for one if nobody is about to become it.</summary>
    public void EnsureCoordinator()
    {
        var isThere = world.Coordinator is { IsOver: false, IsGone: false };
        if (isThere || IsElecting || IsRestoring) return;
        if (world.Storage.Record.Witness is null && world.IsRecordLost) RecordLost(world.Record.Generation);
        else Elect();
    }

    /// <summary>Puts the model back to its newest good snapshot; without one it begins anew if it has to.</summary>
    public void Restore(bool mayBeginAnew)
    {
        if (IsRestoring) return;
        world.Storage.Decay();
        var loaded = world.Snapshots.LoadNewest();
        if (loaded is null && !mayBeginAnew) return;
        if (!mayBeginAnew) world.Fault(FaultKind.Restore);
        var workers = OtherCount(loaded);
        IsRestoring = true;
        RaiseGeneration(loaded, workers);
    }

    /// <summary>A coordinator says that blocks have no replica any more.</summary>
    public void BlocksLost(SimCoordinator coordinator)
    {
        if (IsRestoring || coordinator.Generation != world.Record.Generation) return;
        if (world.Storage.Record.Term > coordinator.Term)
        {
            // Somebody has taken the record over, and may have died before anybody noticed: another one is to look.
            coordinator.Depose();
            return;
        }
        if (!world.Record.Map.Any(world.IsLost))
            world.Violate("P2", $"Blocks are given up that have a replica: {string.Join(' ', world.Record.Map)}");
        Restore(mayBeginAnew: true);
    }

    /// <summary>Both copies of the control record are gone.</summary>
    public void RecordLost(long generation)
    {
        if (IsRestoring || generation != world.Record.Generation) return;
        if (!world.IsRecordLost) world.Violate("P2", $"The record is given up, though there is a copy: {world.Storage.Record}");
        Restore(mayBeginAnew: true);
    }

    /// <summary>All machines go down at once. What the storage has is all that stays.</summary>
    public void CrashAll()
    {
        world.Fault(FaultKind.WholeCrash);
        world.Trace.Write("everything crashes");
        world.Storage.Crash();
        // Who was restoring dies too, and all begins anew.
        _restorer.Kill();
        _restorer = new();
        IsRestoring = true;
        world.Coordinators.Clear();
        world.Cluster.CrashAll();
        foreach (var worker in world.Workers)
            if (_scheduler.Chance(0.5)) worker.Crash();
        Later(10, 800, () => RaiseGeneration(world.Snapshots.LoadNewest()));
    }

    /// <summary>Sometimes fewer workers go on, or one more, which brings data of its own.</summary>
    private int? OtherCount(Loaded? loaded)
    {
        if (loaded is null || !world.Befalls(FaultKind.OtherWorkerCount)) return null;
        var ranks = loaded.Manifest.Ranks;
        var inherited = ranks.SelectMany(r => r.Inherited).Select(i => i.Rank).ToArray();
        var count = inherited.Length > 0 ? inherited.Min() : ranks.Max(r => r.Rank) + 1;
        var mayGrow = count < world.Spec.RankLimit && inherited.Length == 0;
        return mayGrow && _scheduler.Chance(0.3) ? count + 1 : _scheduler.Random.Next(1, count + 1);
    }

    private void RaiseGeneration(Loaded? loaded, int? workers = null)
    {
        var seen = world.Storage.Pointer;
        var newest = world.Storage.Cuts.DefaultIfEmpty(0).Max();
        var next = new Pointer(seen.Generation + 1, seen.Term + 1, Math.Max(seen.NextCut, newest + 1));
        var restorer = _restorer;
        world.Storage.Swap(seen, next, () => !restorer.IsDead, swapped => restorer.Do(() =>
        {
            if (swapped == true) Later(1, 50, () => Begin(next, loaded, workers));
            else Later(1, 50, () => RaiseGeneration(loaded, workers));
        }));
    }

    /// <summary>Begins a generation: first values, or those of a snapshot, in new replicas; then a record; then a coordinator.</summary>
    public void Begin(Pointer pointer, Loaded? loaded, int? workers = null)
    {
        if (!world.Cluster.Up.Any())
        {
            Later(1, 50, () => Begin(pointer, loaded, workers));
            return;
        }
        world.Trace.Write($"generation {pointer.Generation} begins from cut {loaded?.Manifest.Cut ?? 0} for {workers?.ToString() ?? "the same"} workers");
        var state = loaded is null
            ? ControlState.Create(world.Spec, pointer.Generation, pointer.NextCut - 1)
            : ControlState.Restore(world.Spec, loaded.Manifest, pointer.Generation, pointer.NextCut - 1, workers);
        state.BeginMap(MakeReplicas(pointer, loaded));
        var host = world.Cluster.Pick()!;
        var judge = new SimRecord(world, state, new(world, pointer.Generation, loaded?.Manifest, state));
        WitnessSite? witness = null;
        if (world.Model.HasWitness && world.Cluster.Pick(except: host) is { } silo)
        {
            witness = new(silo.Name, world.NewNonce());
            silo.Witnesses.Add(witness.Nonce, new(world, judge, ControlStateCodec.Encode(state), pointer.Term));
        }
        Register(new(pointer.Generation, pointer.Term, witness), () =>
        {
            IsRestoring = false;
            Depose(pointer.Term);
            world.Histories.Add(pointer.Generation, judge.History);
            world.Record = judge;
            world.Take(new(world, host, judge, state, pointer.Term, witness));
            foreach (var worker in world.Workers) worker.BroughtBack();
        });
    }

    private BlockSites[] MakeReplicas(Pointer pointer, Loaded? loaded)
    {
        var silos = world.Cluster.Up.Where(s => !s.IsDraining).Select(s => s.Name).ToArray();
        if (silos.Length == 0) silos = [.. world.Cluster.Up.Select(s => s.Name)];
        var plan = ReplicaPlacement.Plan(new ReplicaSilos[world.BlockCount], silos, world.Spec.Durability.IsReplicated);
        return [.. plan.Select((p, block) => new BlockSites(0, Make(block, p.Primary!), p.Standby is { } s ? Make(block, s) : null))];

        ReplicaSite Make(int block, string name)
        {
            var silo = world.Cluster.Find(name);
            var replica = new SimReplica(world, silo, block, pointer.Generation, world.NewNonce());
            replica.Begin(replica.Site.Nonce, loaded?.Blocks[block], pointer.NextCut - 1);
            silo.Replicas.Add(replica.Site.Nonce, replica);
            return replica.Site;
        }
    }

    private void Register(ModelRecord record, Action done)
    {
        if (world.Record is null)
        {
            world.Storage.BeginRecord(record);
            done();
            return;
        }
        var restorer = _restorer;
        world.Storage.SwapRecord(world.Storage.Record, record, () => !restorer.IsDead, () => { }, _ => restorer.Do(() =>
        {
            if (world.Storage.Record is var r && (r.Generation, r.Term, r.Witness) == (record.Generation, record.Term, record.Witness)) done();
            else Later(1, 20, () => Register(record, done));
        }));
    }

    /// <summary>Goes on with the restore a little later, unless everything crashes before.</summary>
    private void Later(double low, double high, Action action)
    {
        var restorer = _restorer;
        _scheduler.After(_scheduler.Milliseconds(low, high), () => restorer.Do(action));
    }

    /// <summary>The coordinators of the generation before: their witness refuses them, and sooner or later they are told.</summary>
    private void Depose(long term)
    {
        foreach (var silo in world.Cluster.Up)
            foreach (var witness in silo.Witnesses.Values)
                if (_scheduler.Chance(0.8)) witness.Raise(term);
        foreach (var coordinator in world.Coordinators.ToArray())
        {
            var delay = _scheduler.Chance(0.5) ? TimeSpan.Zero : _scheduler.Milliseconds(1, 300);
            _scheduler.After(delay, () => coordinator.Stop(CoordinatorStatus.OtherGeneration));
        }
    }
}
