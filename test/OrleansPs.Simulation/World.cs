using OrleansPs.Client;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>All parties of one run, and who they are to each other.</summary>
internal sealed class World : IDisposable
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _nonces;

    public World(int seed, ModelDraw model, FaultProfile profile, bool isTraced)
    {
        Model = model;
        Profile = profile;
        Scheduler = new(seed);
        Trace = new(Scheduler, isTraced);
        Network = new(this);
        Storage = new(this);
        Snapshots = new(this);
        Pulls = new(this);
        Operator = new(this);
        Promotions = new(this);
        Cluster = new(this);
        SiloFate = new(this);
        Fate = new(this);
        Policies = new(this);
        Workers = [.. Enumerable.Range(0, Spec.RankLimit).Select(r => new SimWorker(this, r))];
        Record = null!;
    }

    public ModelDraw Model { get; }

    public ModelSpec Spec => Model.Spec;

    public Workload Work => Model.Work;

    public FaultProfile Profile { get; }

    public FaultCounts Faults { get; } = new();

    public Scheduler Scheduler { get; }

    public Trace Trace { get; }

    public Network Network { get; }

    public SimStorage Storage { get; }

    public SnapshotCheck Snapshots { get; }

    public PullCheck Pulls { get; }

    public Operator Operator { get; }

    public Promotions Promotions { get; }

    public Cluster Cluster { get; }

    public SiloFate SiloFate { get; }

    public Fate Fate { get; }

    public PolicyFate Policies { get; }

    public int BlockCount => Model.Layout.Blocks.Count;

    public IReadOnlyList<SimWorker> Workers { get; }

    public ClientMetrics Metrics { get; } = new();

    /// <summary>The control record of the present generation.</summary>
    public SimRecord Record { get; set; }

    /// <summary>The history of each generation.</summary>
    public Dictionary<long, History> Histories { get; } = [];

    /// <summary>All that still act as coordinators, newest last.</summary>
    public List<SimCoordinator> Coordinators { get; } = [];

    public SimCoordinator? Coordinator => Coordinators.Count > 0 ? Coordinators[^1] : null;

    /// <summary>The replica that the decisions name as a block's primary; null if it is no more.</summary>
    public SimReplica? PrimaryOf(int block) => ReplicaAt(Record.Map[block].Primary);

    /// <summary>Whether a block has no replica that is there.</summary>
    public bool IsLost(BlockSites sites) =>
        !IsSpared(sites.Primary) && (sites.Standby is null || !IsSpared(sites.Standby));

    /// <summary>Whether the control record has no copy on a silo that is there.</summary>
    public bool IsRecordLost
    {
        get
        {
            var record = Storage.Record;
            var isWritten = Coordinators.Exists(c => c.Term == record.Term && !c.IsGone && !c.IsOver);
            var isCopied = record.Witness is { } w && Cluster.Find(w.Silo) is { IsUp: true } silo && silo.Witnesses.ContainsKey(w.Nonce);
            return !isWritten && !isCopied;
        }
    }

    /// <summary>Whether nothing is lost when a silo is.</summary>
    public bool Survives(SimSilo silo)
    {
        var record = Storage.Record;
        var isWritten = Coordinators.Exists(c => c.Term == record.Term && !c.IsGone && !c.IsOver && c.Silo != silo);
        var isCopied = record.Witness is { } w && w.Silo != silo.Name && Cluster.Find(w.Silo) is { IsUp: true } other && other.Witnesses.ContainsKey(w.Nonce);
        return (isWritten || isCopied) && Record.Map.All(sites => Stays(sites.Primary) || (sites.Standby is { } standby && Stays(standby)));

        bool Stays(ReplicaSite site) => site.Silo != silo.Name && IsSpared(site);
    }

    /// <summary>The replica that a site names; null if it is no more, though another life may be in its place.</summary>
    public SimReplica? ReplicaAt(ReplicaSite site) => HostAt(site) is { IsFirstLife: true } replica ? replica : null;

    /// <summary>Whether a replica has met neither its silo's end nor its own. One that was closed counts: nobody may close what a map names.</summary>
    public bool IsSpared(ReplicaSite site) => Cluster.Find(site.Silo).IsUp && HostAt(site) is not { IsFirstLife: false };

    private SimReplica? HostAt(ReplicaSite site) => Cluster.Find(site.Silo).Replicas.GetValueOrDefault(site.Nonce);

    public int SnapshotsDone { get; set; }

    public int PolicyChanges { get; set; }

    /// <summary>A rank whose process is in the middle of a step, as far as the record has it live; null if there is none.</summary>
    public int? AtWork(History history) => Workers.FirstOrDefault(w => history.Lines.TryGetValue(w.Rank, out var line) && line.Participates
        && w.Lives.Any(l => l.IsAtWork && !l.Process.IsDead && l.Generation == history.Generation && l.Incarnation == line.Incarnation))?.Rank;

    /// <summary>The first promise that was found broken, and how.</summary>
    public string? Violation { get; private set; }

    public int RealLength => Model.RealParameter < 0 ? 0 : Spec.Parameters[Model.RealParameter].Length;

    public bool AreFaultsOver => Scheduler.Time >= Profile.Until;

    public void Violate(string promise, string text)
    {
        if (Violation is not null) return;
        Violation = $"{promise} is broken.\n{text}";
        Trace.Write(Violation);
    }

    /// <summary>Whether a fault comes about here and now.</summary>
    public bool Befalls(FaultKind kind)
    {
        if (!Threatens(kind)) return false;
        Fault(kind);
        return true;
    }

    /// <summary>The same, if it is not certain yet that it comes about.</summary>
    public bool Threatens(FaultKind kind)
    {
        if (AreFaultsOver) return false;
        var isAimed = Profile.Aim is { } aim && aim.Kind == kind && Phases.AreIn(this, aim.Phase);
        return Scheduler.Chance(isAimed ? Math.Max(0.8, Profile[kind]) : Profile[kind]);
    }

    public void Fault(FaultKind kind)
    {
        Faults.Count(kind, Record is null ? Phases.Bit(Phase.Calm) : Phases.Of(this));
        Trace.Note('!', (long)kind);
    }

    /// <summary>Somebody is about to push.</summary>
    public void Attempt(in MessageHeader header) => Histories[header.Generation].Attempt(header.Rank, header.Step, header.Policy);

    public void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _thread) Violate("Determinism", $"A session runs on another thread: {Environment.StackTrace}");
    }

    public Guid NewNonce() => new(++_nonces, 0, 0, new byte[8]);

    public void Take(SimCoordinator coordinator) => Coordinators.Add(coordinator);

    /// <summary>Who gets a message for the coordinator; sometimes one that is deposed.</summary>
    public SimCoordinator? Route()
    {
        Coordinators.RemoveAll(c => c.IsDead);
        if (Coordinators.Count == 0) return null;
        return Coordinators.Count > 1 && Scheduler.Chance(0.4) ? Coordinators[^2] : Coordinators[^1];
    }

    /// <summary>Whether a push has a gradient for a parameter.</summary>
    public bool Pushes(int id, int parameter)
    {
        var script = Work.Script(Work.ItemAt(id / Work.PushCalls));
        var call = id % Work.PushCalls;
        return call < script.Length && script[call].Contains(parameter);
    }

    /// <summary>Whether there is a push of this number.</summary>
    public bool HasCall(int id) => id % Work.PushCalls < Work.Script(Work.ItemAt(id / Work.PushCalls)).Length;

    /// <summary>The pushes of an item to a parameter.</summary>
    public IEnumerable<int> IdsOf(Item item, int parameter)
    {
        for (var call = 0; call < Work.PushCalls; call++)
            if (Pushes(Work.Id(item, call), parameter)) yield return Work.Id(item, call);
    }

    /// <summary>The push calls of an item that go to a block: the place in the list is the sequence.</summary>
    public List<int> CallsTo(Item item, int block)
    {
        var shape = Model.Layout.Blocks[block];
        var script = Work.Script(item);
        if (shape.Table >= 0) return [.. Enumerable.Range(0, script.Length).Where(call => Model.Rows!.Pushes(Spec, Work.Id(item, call), shape))];
        var parameters = shape.Segments.Select(s => s.Parameter).ToHashSet();
        return [.. Enumerable.Range(0, script.Length).Where(call => script[call].Any(parameters.Contains))];
    }

    public TensorSet Gradients(int id, int[] parameters)
    {
        var set = new TensorSet();
        foreach (var p in parameters)
        {
            var gradient = new float[Spec.Parameters[p].Length];
            if (p == Model.RealParameter) Work.FillReal(id, gradient);
            else Work.FillCounts(id, gradient);
            set.Add(Spec.Parameters[p].Name, gradient);
        }
        return set;
    }

    public string Describe(int id)
    {
        var item = Work.ItemAt(id / Work.PushCalls);
        return $"push {id % Work.PushCalls} of step {item.Index} of rank {item.Owner}";
    }

    public void Dispose() => Metrics.Dispose();
}
