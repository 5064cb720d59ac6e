using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>
/// Hosts one coordinator for one term on a silo: carries its effects to record, callers, blocks and storage by messages. It may die at any
/// event, and go on for a while after it was deposed.
/// </summary>
internal sealed class SimCoordinator
{
    private readonly World _world;
    private readonly Coordinator _core;
    private readonly CutWork _cuts;
    private readonly Dictionary<long, Action<object>> _calls = [];
    private readonly ReplicaWork _replicas;
    private readonly RecordWriter _record;
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly BlockSites[] _decided;
    private readonly TimeSpan _start;
    private long _lastCall;
    private TimeSpan _looked;
    private TimeSpan _backSince;

    public SimCoordinator(World world, SimSilo silo, SimRecord judge, ControlState state, long term, WitnessSite? witness)
    {
        _world = world;
        Silo = silo;
        Judge = judge;
        Term = term;
        Map = [.. state.Map];
        _decided = [.. state.Map];
        _start = world.Scheduler.Time;
        _cuts = new(world, this);
        _replicas = new(world, this);
        _record = new(world, this, judge, state.Clone(world.Spec), witness);
        _core = new(world.Spec, state, world.BlockCount, term, TimeSpan.Zero);
        Settle();
        TickLater();
        if (world.Scheduler.Chance(0.5)) world.Cluster.Tell(this, world.Cluster.FormerView);
        world.Cluster.Tell(this, world.Cluster.View);
    }

    public Process Process { get; } = new();

    public SimSilo Silo { get; }

    /// <summary>Whether it is there no more, or is on a silo that others take for dead.</summary>
    public bool IsGone => Process.IsDead || !Silo.IsUp;

    public bool IsDead => Process.IsDead || Silo.Process.IsDead;

    public SimRecord Judge { get; }

    public MembershipView View { get; private set; } = new(0, [], [], new HashSet<string>());

    /// <summary>The map that is told to whoever asks.</summary>
    public IReadOnlyList<BlockSites> Map { get; private set; }

    public long MapVersion { get; private set; }

    public bool IsSettled => _core.IsSettled && _core.State.SwitchFrom is null && !_record.IsReplacing && _record.Open == 0;

    public Phase Stage => _cuts.Stage;

    public bool IsPreparing => _replicas.IsPreparing;

    public bool IsReplacing => _record.IsReplacing;

    public long Term { get; }

    public long Generation => Judge.Generation;

    public bool IsOver { get; private set; }

    private TimeSpan Now => _world.Scheduler.Time - _start;

    /// <summary>A caller's command. The answer may never come, and never comes twice.</summary>
    public void Call(Action<Coordinator, long, TimeSpan> command, Action<object> answer) => Run(() =>
    {
        var call = ++_lastCall;
        _calls.Add(call, answer);
        command(_core, call, Now);
        Settle();
        Check();
    });

    public void Do(Action<Coordinator, TimeSpan> command) => Run(() =>
    {
        command(_core, Now);
        Settle();
    });

    /// <summary>Whatever happens to it happens through this.</summary>
    public void Run(Action action) => Silo.Process.Do(() => Process.Do(action));

    public void Later(TimeSpan time, Action action) => _world.Scheduler.After(time, () => Run(action));

    public void ReadMap(Action<KnownMap> answer) => Run(() =>
    {
        if (MapVersion > 0) answer(new(Generation, MapVersion, Map));
    });

    public void ReadCertificates(long from, Action<IReadOnlyList<Certificate>> answer) =>
        Call((c, call, _) => c.ReadCertificates(call, from), reply => answer(((CertificateList)reply).Certificates));

    /// <summary>The model was put back: callers are told.</summary>
    public void Stop(CoordinatorStatus status) => Do((c, _) =>
    {
        IsOver = true;
        c.Stop(status);
    });

    /// <summary>The header of the coordinator's own messages to blocks.</summary>
    public MessageHeader Header(long round = 0) =>
        new() { Generation = Generation, Term = Term, Rank = -1, Certificate = round, Policy = _core.State.Policy.Number };

    public override string ToString() =>
        $"coordinator of generation {Generation} and term {Term} on {Silo.Name}, over {IsOver}, dead {IsDead}, paused {Process.IsPaused}, "
        + $"{_record.Open} entries and {_calls.Count} calls under way, settled {_core.IsSettled}, {string.Join(' ', _core.State.Map)}";

    private void TickLater() => _world.Scheduler.After(TimeSpan.FromMilliseconds(Math.Min(250, _world.Spec.Lease.TotalMilliseconds / 8)), () =>
    {
        if (IsDead || IsOver) return;
        Do(Tick);
        TickLater();
    });

    /// <summary>P7: if the coordinator was away, it has heard of nobody, and evicts nobody before a lease has passed.</summary>
    private void Tick(Coordinator core, TimeSpan now)
    {
        if (now - _looked > _world.Spec.Lease / 2) _backSince = now;
        _looked = now;
        var evicted = Evicted(core);
        core.Tick(now);
        if (now - _backSince < _world.Spec.Lease && Evicted(core) > evicted)
            _world.Violate("P7", $"The coordinator of term {Term} was away, and evicts a rank {now - _backSince} after it came back.");
    }

    private static int Evicted(Coordinator core) => core.State.Ranks.Values.Count(r => r.Record.Status == WorkerStatus.Evicted);

    private void Settle()
    {
        while (true)
        {
            _core.TakeEffects(_effects);
            if (_effects.Count == 0) break;
            CoordinatorEffect[] due = [.. _effects];
            _effects.Clear();
            foreach (var effect in due) CarryOut(effect);
        }
    }

    private void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendToRecord e:
                if (IsOver) break;
                // What one decides that is deposed already the record refuses: a silo that stood still may hold it and its primaries.
                if (Term >= _world.Storage.Record.Term) _world.Promotions.CheckDropped(_decided, e.Entry);
                if (e.Entry is MapChanged m) _decided[m.Block] = m.Sites;
                _record.Append(e);
                break;
            case Answer e: Complete(e); break;
            case PublishMap e: (Map, MapVersion) = (e.Map, e.Version); break;
            default:
                _cuts.CarryOut(effect);
                _replicas.CarryOut(effect);
                break;
        }
    }

    private void Complete(Answer answer)
    {
        if (_calls.Remove(answer.Call, out var call)) call(answer.Reply);
        else _world.Violate("P8", $"The coordinator answered call {answer.Call} twice: {answer.Reply}");
    }

    /// <summary>A newer term has taken over, or the model is of another generation.</summary>
    public void Depose()
    {
        if (IsOver) return;
        _world.Fault(FaultKind.DeposedCoordinator);
        IsOver = true;
        _core.Stop(CoordinatorStatus.NotCoordinator);
        Settle();
    }

    /// <summary>The membership, as this silo hears of it.</summary>
    public void Heard(MembershipView view) => Do((c, now) =>
    {
        if (view.Version <= View.Version || IsOver) return;
        View = view;
        // A silo that this view does not know yet is not dead: a coordinator before may have heard more.
        var unknown = c.State.Map.SelectMany(SilosOf).Where(s => !view.Alive.Contains(s) && !view.Dead.Contains(s));
        c.SilosChanged(view.Usable, view.Alive.Concat(unknown), now);
        _record.Heard(view);
    });

    private static IEnumerable<string> SilosOf(BlockSites sites) =>
        sites.Standby is { } standby ? [sites.Primary.Silo, standby.Silo] : [sites.Primary.Silo];

    private void Check()
    {
        var ranks = _world.Spec.RankLimit;
        if (_core.Waiting.Count() > ranks || _core.State.Ranks.Count > ranks)
            _world.Violate("P8", $"{_core.Waiting.Count()} calls are parked for {ranks} ranks.");
        if (_core.State.Certificates.Count > 64)
            _world.Violate("P8", $"{_core.State.Certificates.Count} certificates are kept.");
    }
}
