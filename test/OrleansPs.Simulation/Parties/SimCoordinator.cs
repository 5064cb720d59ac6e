using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Simulation;

/// <summary>
/// Hosts one coordinator for one term: carries its effects to record, callers, blocks and storage by messages. It may die at any
/// event, and go on for a while after it was deposed.
/// </summary>
internal sealed class SimCoordinator
{
    private readonly World _world;
    private readonly Coordinator _core;
    private readonly CutWork _cuts;
    private readonly Dictionary<long, Action<object>> _calls = [];
    private readonly Queue<AppendToRecord> _appends = new();
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly TimeSpan _start;
    private bool _isAppending;
    private long _lastCall;
    private TimeSpan _looked;
    private TimeSpan _backSince;

    public SimCoordinator(World world, SimRecord record, ControlState state, long term)
    {
        _world = world;
        Record = record;
        Term = term;
        _start = world.Scheduler.Time;
        _cuts = new(world, this);
        _core = new(world.Spec, state, world.Blocks.Count, term, TimeSpan.Zero);
        Settle();
        TickLater();
    }

    public Process Process { get; } = new();

    public SimRecord Record { get; }

    public long Term { get; }

    public long Generation => Record.Generation;

    public bool IsOver { get; private set; }

    private TimeSpan Now => _world.Scheduler.Time - _start;

    /// <summary>A caller's command. The answer may never come, and never comes twice.</summary>
    public void Call(Action<Coordinator, long, TimeSpan> command, Action<object> answer) => Process.Do(() =>
    {
        var call = ++_lastCall;
        _calls.Add(call, answer);
        command(_core, call, Now);
        Settle();
        Check();
    });

    public void Do(Action<Coordinator, TimeSpan> command) => Process.Do(() =>
    {
        command(_core, Now);
        Settle();
    });

    public void ReadCertificates(long from, Action<IReadOnlyList<Certificate>> answer) =>
        Process.Do(() => answer([.. _core.State.Certificates.Where(c => c.Round >= from)]));

    /// <summary>The model was put back: callers are told.</summary>
    public void Stop(CoordinatorStatus status) => Do((c, _) =>
    {
        IsOver = true;
        c.Stop(status);
    });

    /// <summary>The header of the coordinator's own messages to blocks.</summary>
    public MessageHeader Header(long round = 0) =>
        new() { Generation = Generation, Term = Term, Rank = -1, Certificate = round };

    public override string ToString() =>
        $"coordinator of generation {Generation} and term {Term}, over {IsOver}, dead {Process.IsDead}, paused {Process.IsPaused}, "
        + $"{_appends.Count} entries and {_calls.Count} calls under way";

    private void TickLater() => _world.Scheduler.After(TimeSpan.FromMilliseconds(Math.Min(250, _world.Spec.Lease.TotalMilliseconds / 8)), () =>
    {
        if (Process.IsDead || IsOver) return;
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
            foreach (var effect in _effects.ToArray()) CarryOut(effect);
            _effects.Clear();
        }
        PumpAppends();
    }

    private void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendToRecord e: _appends.Enqueue(e); break;
            case Answer e: Complete(e); break;
            default: _cuts.CarryOut(effect); break;
        }
    }

    private void Complete(Answer answer)
    {
        if (_calls.Remove(answer.Call, out var call)) call(answer.Reply);
        else _world.Violate("P8", $"The coordinator answered call {answer.Call} twice: {answer.Reply}");
    }

    /// <summary>Entries go to the record one after the other; one that gets no answer is sent again.</summary>
    private void PumpAppends()
    {
        if (_isAppending || _appends.Count == 0) return;
        _isAppending = true;
        SendAppend(_appends.Peek());
    }

    private void SendAppend(AppendToRecord append)
    {
        var answered = false;
        _world.Network.Send(Address.Coordinator, Address.Record, 'a', () =>
        {
            var accepted = Record.Append(append);
            _world.Network.Send(Address.Record, Address.Coordinator, 'A', () => Process.Do(() =>
            {
                if (answered || _appends.Count == 0 || _appends.Peek() != append) return;
                answered = true;
                Appended(append, accepted);
            }), isReply: true);
        });
        _world.Scheduler.After(TimeSpan.FromMilliseconds(100), () => Process.Do(() =>
        {
            if (!answered && _appends.TryPeek(out var first) && first == append) SendAppend(append);
        }));
    }

    private void Appended(AppendToRecord append, bool accepted)
    {
        _isAppending = false;
        _appends.Dequeue();
        if (accepted)
        {
            _core.RecordAccepted(append.Index);
        }
        else
        {
            _world.Fault(FaultKind.DeposedCoordinator);
            _appends.Clear();
            IsOver = true;
            _core.Stop(CoordinatorStatus.NotCoordinator);
        }
        Settle();
    }

    private void Check()
    {
        var ranks = _world.Spec.RankLimit;
        if (_core.Waiting.Count() > ranks || _core.State.Ranks.Count > ranks)
            _world.Violate("P8", $"{_core.Waiting.Count()} calls are parked for {ranks} ranks.");
        if (_core.State.Certificates.Count > 64)
            _world.Violate("P8", $"{_core.State.Certificates.Count} certificates are kept.");
    }
}
