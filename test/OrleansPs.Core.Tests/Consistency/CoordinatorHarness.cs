using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>
/// A coordinator in a rough world: sessions come, die and repeat themselves, the record accepts late, blocks and storage fail,
/// coordinators take over. After every command it checks what must always hold. The same seed makes the same life.
/// </summary>
internal sealed class CoordinatorHarness
{
    private const int Blocks = 2;
    private readonly ModelSpec _spec;
    private readonly Random _random;
    private readonly ControlRecord _record;
    private readonly Queue<AppendToRecord> _pending = new();
    private readonly List<CoordinatorEffect> _asked = [];
    private readonly HashSet<long> _open = [];
    private readonly Dictionary<int, (JoinCommand Join, long Incarnation, long Step)> _sessions = [];
    private readonly Dictionary<int, int> _memberships = [];
    private Coordinator _coordinator;
    private TimeSpan _now = TimeSpan.FromDays(1);
    private (long MinClock, long Round, long NewestCut) _before;
    private long _lastCall;
    private int _nonces;

    public CoordinatorHarness(ModelSpec spec, int seed)
    {
        _spec = spec;
        _random = new(seed);
        _record = new(spec, ControlState.Create(spec));
        _coordinator = new(spec, _record.Raise(1)!, Blocks, 1, _now);
    }

    /// <summary>How often what happened, so that a test can tell whether it saw anything.</summary>
    public Dictionary<string, int> Seen { get; } = [];

    public ControlState State => _coordinator.State;

    private bool IsRounds => _spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;

    public void Run(int commands)
    {
        for (var i = 0; i < commands; i++)
        {
            Do();
            Settle(acceptAll: _random.Next(3) > 0);
        }
        Settle(acceptAll: true);
        Assert.Equal(Telling.Of(State), Telling.Of(_record.Raise(_record.Term)!));
        // Nobody waits for ever: a second later at the latest there is an answer.
        _now += Parking.Limit;
        _coordinator.Tick(_now);
        Settle(acceptAll: true);
        Assert.Empty(_open);
    }

    private void Do()
    {
        var rank = _random.Next(4);
        switch (_random.Next(24))
        {
            case < 5: Join(rank); break;
            case < 14: Clock(rank); break;
            case 14: Say(rank, PresenceKind.Heartbeat); break;
            case 15: Say(rank, _random.Next(2) == 0 ? PresenceKind.OutOfData : PresenceKind.Leave); break;
            case 16 when _random.Next(3) == 0: _coordinator.Evict(rank, _now); break;
            case 17: _coordinator.RequestSnapshot(_now); break;
            case 18 when _random.Next(4) == 0: TakeOver(); break;
            case < 22: Serve(); break;
            default:
                _now += TimeSpan.FromSeconds(_random.NextDouble() * 3);
                _coordinator.Tick(_now);
                break;
        }
    }

    private void Join(int rank)
    {
        var known = _sessions.TryGetValue(rank, out var session);
        var command = known && _random.Next(3) == 0
            ? session.Join
            : new(rank, new(++_nonces, 0, 0, new byte[8]), known && _random.Next(2) == 0 ? session.Incarnation : -1);
        if (!known || _random.Next(2) == 0) _sessions[rank] = (command, session.Incarnation, session.Step);
        _coordinator.Join(Call(), command, _now);
    }

    private void Clock(int rank)
    {
        var record = State.Ranks.GetValueOrDefault(rank)?.Record;
        var incarnation = (record?.Incarnation ?? 0) - (_random.Next(8) == 0 ? 1 : 0);
        var step = (record?.Step ?? 0) - (_random.Next(5) == 0 ? 1 : 0);
        _coordinator.Clock(Call(), new(0, rank, incarnation, step, 10 * step + 10), _now);
    }

    private void Say(int rank, PresenceKind kind) =>
        _coordinator.Presence(Call(), new(kind, 0, rank, State.Ranks.GetValueOrDefault(rank)?.Record.Incarnation ?? 0), _now);

    private void TakeOver()
    {
        Settle(acceptAll: _random.Next(2) == 0);
        var state = _record.Raise(_record.Term + 1)!;
        // What the one before had decided and not recorded never was; the calls that waited for it are asked again.
        _coordinator.Stop(CoordinatorStatus.NotCoordinator);
        TakeEffects();
        _pending.Clear();
        _coordinator = new(_spec, Handed(state), Blocks, _record.Term, _now);
        _before = default;
        _asked.Clear();
        Count("takeover");
    }

    /// <summary>Every other coordinator gets the state as its predecessor left it in a storage: all but what the open cut had come to.</summary>
    private ControlState Handed(ControlState state)
    {
        if (_record.Term % 2 == 0) return state;
        var bytes = ControlStateCodec.Encode(state);
        var read = ControlStateCodec.Decode(_spec, bytes);
        Assert.Equal(bytes, ControlStateCodec.Encode(read));
        Count("handed over");
        return read;
    }

    /// <summary>Blocks and storage do one thing they were asked for, or fail at it.</summary>
    private void Serve()
    {
        if (_asked.Count == 0) return;
        var effect = _asked[_random.Next(_asked.Count)];
        if (_random.Next(3) > 0) _asked.Remove(effect);
        var fails = _random.Next(5) == 0;
        switch (effect)
        {
            case CertifyBlocks e: _coordinator.BlocksCertified(e.Certificates[^1].Round + 1 - (fails ? 3 : 0), _now); break;
            case FreezeBlocks e when fails: _coordinator.CutFailed(e.Cut, "block", _now); break;
            case FreezeBlocks e: _coordinator.BlocksFrozen(e.Cut, _now); break;
            case WriteChunks e:
                for (var b = 0; b < Blocks; b++) _coordinator.ChunkWritten(e.Cut, new(b, $"chunk{b}", 1, ""), []);
                break;
            case WriteManifest e when fails: _coordinator.CutFailed(e.Cut, "disk", _now); break;
            case WriteManifest e: _coordinator.ManifestWritten(e.Cut, _now); break;
        }
    }

    private void Settle(bool acceptAll)
    {
        do
        {
            if (acceptAll) Accept();
        }
        while (TakeEffects() > 0);
        Check();
    }

    private int TakeEffects()
    {
        var effects = new List<CoordinatorEffect>();
        _coordinator.TakeEffects(effects);
        foreach (var effect in effects) Take(effect);
        return effects.Count;
    }

    private void Accept()
    {
        while (_pending.TryDequeue(out var append))
        {
            Check(append.Entry, _record.Raise(_record.Term)!);
            Assert.True(_record.Append(append.Term, append.Index, append.Entry));
            _coordinator.RecordAccepted(append.Index);
        }
    }

    private void Take(CoordinatorEffect effect)
    {
        if (effect is AppendToRecord append)
        {
            _pending.Enqueue(append);
            return;
        }
        if (effect is Answer answer) Heard(answer);
        else _asked.Add(effect);
        if (effect is WriteManifest manifest) Check(manifest);
    }

    private void Heard(Answer answer)
    {
        Assert.True(_open.Remove(answer.Call), $"Call {answer.Call} is answered twice.");
        if (answer.Reply is JoinReply { Status: CoordinatorStatus.Ok }) Count("join");
        if (answer.Reply is not ClockReply { Status: CoordinatorStatus.Ok } reply) return;
        Count("clock");
        if (_spec.Consistency.Mode != ConsistencyMode.Asynchronous)
            Assert.InRange(reply.Clock - reply.MinClock, 0, _spec.Consistency.Staleness);
        if (IsRounds && _spec.BackupWorkers == 0) Assert.Equal(reply.Clock - 1, reply.Certificate?.Round);
        if (IsRounds) Assert.True(reply.Certificate?.Round >= reply.Clock - 1);
    }

    /// <summary>What an entry may be, given what the record has.</summary>
    private void Check(ControlEntry entry, ControlState state)
    {
        if (entry is not RoundClosed { Certificate: var certificate }) return;
        Count("round");
        Assert.Equal(state.Round, certificate.Round);
        var members = certificate.Members.Select(m => m.Rank).ToArray();
        Assert.Equal(members.Distinct().Order(), members);
        var missing = state.Ranks.Values.Count(r => r.Participates && r.ContributedRound != state.Round);
        Assert.True(members.Length > 0 && missing <= _spec.BackupWorkers, "A round closes for all who take part, or all but the backup workers.");
        foreach (var rank in state.Ranks.Values)
        {
            var contributed = rank.ContributedRound == state.Round;
            Assert.Equal(contributed, members.Contains(rank.Record.Rank));
            if (!contributed && rank.Record.Status == WorkerStatus.Live) Count("missed");
            if (contributed) _memberships[rank.Record.Rank] = _memberships.GetValueOrDefault(rank.Record.Rank) + 1;
        }
    }

    /// <summary>Under BSP a rank stands in a cut after as many steps as there are closed rounds that it is in.</summary>
    private void Check(WriteManifest manifest)
    {
        Count("manifest");
        // A rank that came after the manifest was made is not in it.
        Assert.Superset(new HashSet<int> { 0, 1, 2 }, manifest.Ranks.Select(r => r.Rank).ToHashSet());
        Assert.Equal(Blocks, manifest.Chunks.Count);
        foreach (var rank in manifest.Ranks)
        {
            Assert.True(rank.Step <= State.Ranks[rank.Rank].Record.Step);
            Assert.Equal(10 * rank.Step, rank.Cursor);
            if (IsRounds) Assert.True(rank.Clock <= Math.Max(manifest.Round, State.Round));
        }
    }

    private void Check()
    {
        var now = (State.MinClock, State.Round, State.NewestCut);
        Assert.True(now.MinClock >= _before.MinClock && now.Round >= _before.Round && now.NewestCut >= _before.NewestCut);
        _before = now;
        if (!IsRounds || _pending.Count > 0) return;
        foreach (var rank in State.Ranks.Values)
        {
            var steps = _memberships.GetValueOrDefault(rank.Record.Rank) + (rank.ContributedRound == State.Round ? 1 : 0);
            Assert.True(steps == rank.Record.Step, $"Rank {rank.Record.Rank} did {rank.Record.Step} steps, {steps} of them in rounds.");
            if (State.OpenCut is { } cut && cut.Round == State.Round && cut.Positions.TryGetValue(rank.Record.Rank, out var position))
                Assert.Equal(_memberships.GetValueOrDefault(rank.Record.Rank), position.Step);
        }
    }

    private long Call()
    {
        _open.Add(++_lastCall);
        return _lastCall;
    }

    private void Count(string what) => Seen[what] = Seen.GetValueOrDefault(what) + 1;
}
