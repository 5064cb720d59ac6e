using System.Globalization;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>
/// Tells a coordinator one command a line, each with all that comes of it beside it: answers to calls, also to earlier ones,
/// and what its host is to do. After every story the control record, and a state that its entries were applied to once more,
/// must be what the coordinator believes.
/// </summary>
/// <example>
/// <code>
/// join 0                  => 0 joins .1 s0 c0             incarnation 1, step 0, clock 0
/// clock 0                 => -                            rank 0 finished its step and waits
/// clock 1                 => 0 clock c1 min1, 1 clock c1 min1
/// tick +4                 => -                            four seconds later
/// </code>
/// </example>
internal sealed class CoordinatorStory
{
    private readonly ModelSpec _spec;
    private readonly ControlRecord _record;
    private readonly ControlState _replay;
    private readonly List<AppendToRecord> _held = [];
    private readonly Dictionary<long, (int Rank, long Step)> _calls = [];
    private readonly SortedDictionary<int, Session> _sessions = [];
    private readonly int _blocks;
    private Coordinator _coordinator;
    private TimeSpan _now = TimeSpan.FromHours(1);
    private bool _isDeposed;
    private bool _isHeld;
    private long _lastCall;
    private int _lastNonce;

    public CoordinatorStory(ModelSpec spec, ControlState? state = null, int blocks = 1)
    {
        state ??= ControlState.Create(spec);
        _spec = spec;
        _blocks = blocks;
        _replay = state.Clone(spec);
        _record = new(spec, state);
        _coordinator = new(spec, _record.Raise(1)!, blocks, 1, _now);
    }

    public ControlState State => _coordinator.State;

    public Coordinator Coordinator => _coordinator;

    public static ModelSpec Spec(ConsistencyPolicy policy, int workers = 2) => new("story")
    {
        Parameters = [new("a", [1])],
        Optimizer = Optimizer.Sum(),
        Consistency = policy,
        Workers = workers,
        MaxWorkers = 8,
        Lease = TimeSpan.FromSeconds(10),
    };

    public static CoordinatorStory Tell(ConsistencyPolicy policy, string script) => new CoordinatorStory(Spec(policy)).Tell(script);

    public CoordinatorStory Tell(string script)
    {
        Assert.Equal(Script.Normalize(script), Script.Run(script, Do), ignoreLineEndingDifferences: true);
        if (_held.Count > 0 || _isDeposed) return this;
        Assert.Equal(Telling.Of(State), Telling.Of(_record.Raise(_record.Term)!));
        Assert.Equal(Telling.Of(State), Telling.Of(_replay));
        return this;
    }

    private string Do(string command)
    {
        var words = command.Split(' ');
        var said = Do(words[0], words);
        var told = Settle().ToArray();
        return (said, told.Length) switch
        {
            ("", 0) => "-",
            (_, 0) => said,
            _ => $"{said} {string.Join(", ", told)}".Trim(),
        };
    }

    private string Do(string verb, string[] words)
    {
        switch (verb)
        {
            case "join": Join(Int(words[1]), words); break;
            case "clock": Clock(Int(words[1]), words); break;
            case "beat": Say(PresenceKind.Heartbeat, words); break;
            case "out": Say(PresenceKind.OutOfData, words); break;
            case "leave": Say(PresenceKind.Leave, words); break;
            case "evict": _coordinator.Evict(Int(words[1]), _now); break;
            case "tick": Pass(words); _coordinator.Tick(_now); break;
            case "wait": Pass(words); break;
            case "snapshot": return $"cut {_coordinator.RequestSnapshot(_now)}";
            case "frozen": _coordinator.BlocksFrozen(Int(words[1]), _now); break;
            case "wrote": Wrote(Int(words[1]), words); break;
            case "manifest": _coordinator.ManifestWritten(Int(words[1]), _now); break;
            case "failed": _coordinator.CutFailed(Int(words[1]), words[2], _now); break;
            case "certified": _coordinator.BlocksCertified(Int(words[1]), _now); break;
            case "stop": _coordinator.Stop(Enum.Parse<CoordinatorStatus>(words[1])); break;
            case "hold": _isHeld = true; break;
            case "accept": Accept(words.Length > 1 ? Int(words[1]) : _held.Count); break;
            case "depose": _record.Raise(_record.Term + 1); break;
            case "takeover": TakeOver(); break;
            case "stragglers": return string.Join(", ", _coordinator.Stragglers().Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} for {(_now - s.Value).TotalSeconds}")));
            case "missed": return string.Join(' ', State.Ranks.Values.Select(r => r.RoundsMissed));
            case "policy": _coordinator.RequestPolicy(State.Policy.With(_spec, Change(words)), _now); break;
            case "changed": _coordinator.BlocksChanged(Int(words[1]), _now); break;
            case "unchanged": _coordinator.ChangeFailed(Int(words[1]), _now); break;
            case "waiting": return string.Join(' ', _coordinator.Waiting);
            default: throw new FormatException($"A coordinator has no '{verb}'.");
        }
        return "";
    }

    /// <summary>As in: policy bsp, policy ssp2, policy asp b1 x0.5.</summary>
    private static PolicyChange Change(string[] words) => new()
    {
        Consistency = words.Contains("bsp") ? ConsistencyPolicy.BulkSynchronous
            : words.Contains("asp") ? ConsistencyPolicy.Asynchronous
            : words.FirstOrDefault(w => w.StartsWith("ssp", StringComparison.Ordinal)) is { } ssp ? ConsistencyPolicy.StaleSynchronous(Int(ssp[3..])) : null,
        BackupWorkers = (int?)Number(words, 'b'),
        LrScale = words.FirstOrDefault(w => w[0] == 'x') is { } scale ? double.Parse(scale[1..], CultureInfo.InvariantCulture) : null,
    };

    private void TakeOver()
    {
        var state = _record.Raise(_record.Term + 1)!;
        _coordinator = new(_spec, state, _blocks, _record.Term, _now);
        _isDeposed = false;
    }

    private void Join(int rank, string[] words)
    {
        if (!_sessions.TryGetValue(rank, out var session)) _sessions.Add(rank, session = new());
        if (!words.Contains("again")) session.Nonce = new(Number(words, 'n') is { } n ? (int)n : ++_lastNonce + 1000, 0, 0, new byte[8]);
        var incarnation = words.Contains("resume") ? session.Incarnation : Number(words, 'i') ?? -1;
        var generation = incarnation < 0 ? -1 : Number(words, 'g') ?? _coordinator.State.Generation;
        _coordinator.Join(Call(rank, 0), new(rank, session.Nonce, incarnation, generation), _now);
    }

    private void Clock(int rank, string[] words)
    {
        var session = _sessions.GetValueOrDefault(rank) ?? new();
        var step = Number(words, 's') ?? session.Step;
        var command = new ClockCommand(Number(words, 'g') ?? session.Generation, rank, Number(words, 'i') ?? session.Incarnation,
            step, Number(words, 'q') ?? 10 * (step + 1));
        _coordinator.Clock(Call(rank, step), command, _now);
    }

    private void Say(PresenceKind kind, string[] words)
    {
        var rank = Int(words[1]);
        var session = _sessions.GetValueOrDefault(rank) ?? new();
        _coordinator.Presence(Call(rank, 0),
            new(kind, Number(words, 'g') ?? session.Generation, rank, Number(words, 'i') ?? session.Incarnation), _now);
    }

    /// <summary>As in: wrote 1 b0 r0:s3:101 for block 0 of cut 1, which holds pushes 0 and 2 of step 3 of rank 0.</summary>
    private void Wrote(int cut, string[] words)
    {
        var block = (int)Number(words, 'b')!.Value;
        var dedupe = words.Where(w => w[0] == 'r').Select(w => w.Split(':')).Select(p =>
            new DedupeImage(Int(p[0][1..]), 1, Int(p[1][1..]), [Convert.ToUInt64(p[2], 2), 0]));
        _coordinator.ChunkWritten(cut, new(block, $"chunk{block}", 8, ""), [.. dedupe]);
    }

    private IEnumerable<string> Settle()
    {
        var effects = new List<CoordinatorEffect>();
        for (_coordinator.TakeEffects(effects); effects.Count > 0; _coordinator.TakeEffects(effects))
        {
            var batch = effects.ToArray();
            effects.Clear();
            foreach (var effect in batch)
            {
                if (effect is AppendToRecord append) _held.Add(append);
                else yield return effect is Answer answer ? Heard(answer) : Telling.Of(effect);
            }
            if (!_isHeld) Accept(_held.Count);
        }
    }

    private void Accept(int count)
    {
        foreach (var append in _held.Take(count))
        {
            if (!_record.Append(append.Term, append.Index, append.Entry))
            {
                _coordinator.Stop(CoordinatorStatus.NotCoordinator);
                _isDeposed = true;
                continue;
            }
            Assert.True(_record.Append(append.Term, append.Index, append.Entry), "An entry may be added twice.");
            if (append.Index > _replay.Index) _replay.Apply(append.Entry);
            _coordinator.RecordAccepted(append.Index);
        }
        _held.RemoveRange(0, count);
    }

    private string Heard(Answer answer)
    {
        var (rank, step) = _calls[answer.Call];
        Assert.True(_calls.Remove(answer.Call), "A call is answered once.");
        var session = _sessions.GetValueOrDefault(rank) ?? new();
        if (answer.Reply is JoinReply { Status: CoordinatorStatus.Ok } join)
            (session.Generation, session.Incarnation, session.Step) = (join.Generation, join.Incarnation, join.Step);
        if (answer.Reply is ClockReply { Status: CoordinatorStatus.Ok }) session.Step = step + 1;
        return $"{rank} {Telling.Of(answer.Reply)}";
    }

    private long Call(int rank, long step)
    {
        _calls.Add(++_lastCall, (rank, step));
        return _lastCall;
    }

    private void Pass(string[] words) => _now += TimeSpan.FromSeconds(double.Parse(words[1], CultureInfo.InvariantCulture));

    private static long? Number(string[] words, char letter) =>
        words.Skip(1).FirstOrDefault(w => w[0] == letter && long.TryParse(w.AsSpan(1), CultureInfo.InvariantCulture, out _)) is { } word
            ? long.Parse(word.AsSpan(1), CultureInfo.InvariantCulture)
            : null;

    private static int Int(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private sealed class Session
    {
        public Guid Nonce { get; set; }

        public long Generation { get; set; }

        public long Incarnation { get; set; }

        public long Step { get; set; }
    }
}
