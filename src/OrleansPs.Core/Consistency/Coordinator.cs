using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// The one state machine per model that decides: membership, rounds, gates and cuts. A command and the present time go in,
/// effects come out by <see cref="TakeEffects"/>; nothing is told to anyone before the control record has it.
/// </summary>
/// <remarks>
/// Not thread safe: its host calls it for one command at a time. Time is any monotonic clock. Commands may come twice or late: a
/// join counts once by its nonce, a clock by rank, incarnation and step.
/// </remarks>
public sealed partial class Coordinator
{
    private readonly ModelSpec _spec;
    private readonly ControlState _state;
    private readonly int _blocks;
    private readonly List<CoordinatorEffect> _ready = [];
    private readonly Queue<(long Index, CoordinatorEffect Effect)> _held = new();
    private readonly SortedDictionary<int, ParkedCall> _parked = [];
    private readonly Leases _leases;
    private long _accepted;
    private CoordinatorStatus? _stopped;

    /// <summary>Takes a term that the control record has granted.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="state">The record's state, copied; the coordinator's own from now on.</param>
    /// <param name="blocks">How many blocks the model has.</param>
    /// <param name="term">The term.</param>
    /// <param name="now">The present time.</param>
    public Coordinator(ModelSpec spec, ControlState state, int blocks, long term, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(state);
        _spec = spec;
        _state = state;
        _blocks = blocks;
        _accepted = state.Index;
        _leases = new(spec.Lease, now);
        _lastSnapshot = (now, state.MinClock);
        Term = term;
        foreach (var rank in state.Ranks.Values.Where(r => r.Participates && WasPresent(r))) GrantGrace(rank, now);
        AbortCut("a new coordinator took over");
        BeginPolicy(now);
        BeginMap(now);
    }

    /// <summary>The coordinator's term.</summary>
    public long Term { get; }

    /// <summary>What is decided. Not to be changed.</summary>
    public ControlState State => _state;

    /// <summary>The ranks that wait at the gate.</summary>
    public IEnumerable<int> Waiting => _parked.Keys;

    /// <summary>Why the newest attempt at a snapshot failed; null if it did not.</summary>
    public string? SnapshotError { get; private set; }

    /// <summary>Whether it decides nothing any more.</summary>
    public bool IsOver => _stopped is not null;

    private bool IsRounds => _state.Policy.IsRounds;

    /// <summary>Moves the effects that are due to a list, and forgets them.</summary>
    public void TakeEffects(ICollection<CoordinatorEffect> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        foreach (var effect in _ready) into.Add(effect);
        _ready.Clear();
    }

    /// <summary>The record has all entries up to an index: what waited for them is told.</summary>
    public void RecordAccepted(long index)
    {
        _accepted = Math.Max(_accepted, index);
        while (_held.TryPeek(out var held) && held.Index <= _accepted) _ready.Add(_held.Dequeue().Effect);
    }

    /// <summary>
    /// This coordinator is over, since the record refused its term or the model was put back: every call, waiting or to
    /// come, is answered with a status, and what was not in the record yet is told to nobody.
    /// </summary>
    public void Stop(CoordinatorStatus status)
    {
        if (_stopped is not null) return;
        _stopped = status;
        foreach (var (_, effect) in _held)
            if (effect is Answer answer) _ready.Add(answer with { Reply = Refuse(answer.Reply, status) });
        _held.Clear();
        foreach (var parked in _parked.Values) _ready.Add(new Answer(parked.Call, parked.Refuse(status)));
        _parked.Clear();
        CloseJoiners();
    }

    /// <summary>
    /// Time passes: leases run out, long waits are answered, due snapshots begin. Whoever waits here is not silent: a session that
    /// joins sends nothing else until it has its answer.
    /// </summary>
    public void Tick(TimeSpan now)
    {
        if (_stopped is not null) return;
        foreach (var rank in _parked.Keys) _leases.Renew(rank, now);
        foreach (var rank in _leases.Expire(now)) Retire(rank, WorkerStatus.Evicted);
        AnswerLongWaits(now);
        CertifyIdleBlocks(again: true);
        TellPolicyAgain(now);
        TickMap(now);
        Advance(now);
    }

    /// <summary>Adds an entry: to the state now, to the record by an effect.</summary>
    private void Decide(ControlEntry entry)
    {
        _state.Apply(entry);
        _ready.Add(new AppendToRecord(Term, _state.Index, entry));
    }

    /// <summary>
    /// Gives an effect out as soon as the record has all that is decided so far. One that is over gives out refusals alone, and
    /// what it decided last may never be in the record.
    /// </summary>
    private void Tell(CoordinatorEffect effect)
    {
        if (_stopped is not null || _accepted >= _state.Index) _ready.Add(effect);
        else _held.Enqueue((_state.Index, effect));
    }

    // A refusal tells nothing else: what stood beside the status may not be in the record.
    private static object Refuse(object reply, CoordinatorStatus status) => reply switch
    {
        JoinReply => Refused(status),
        ClockReply => new ClockReply { Status = status },
        CertificateList list => list with { Certificates = NoCertificates },
        _ => new PresenceReply(status, 0),
    };
}
