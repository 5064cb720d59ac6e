using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>Rounds and the gate: who may go on.</summary>
public sealed partial class Coordinator
{
    /// <summary>After so many rounds blocks that nobody touches are given the certificates they lack.</summary>
    private const int CertifyEvery = 16;

    /// <summary>So many certificates are kept; before more rounds close, every block must have applied some.</summary>
    private const int MaxCertificates = 64;

    private readonly List<int> _arrived = [];
    private GateState _gate;
    private long _certifying;

    /// <summary>Every block has applied all rounds below one. The newest certificate is kept: clocks are answered with it.</summary>
    public void BlocksCertified(long below, TimeSpan now)
    {
        if (_stopped is not null) return;
        _certifying = Math.Max(_certifying, below);
        var kept = below - 1;
        if (_state.Certificates.Count > 0 && _state.Certificates[0].Round < kept) Decide(new CertificatesDropped(kept));
        Advance(now);
    }

    /// <summary>Somebody lacks certificates. Like all that is decided they are told when the record has them.</summary>
    public void ReadCertificates(long call, long from) =>
        Tell(new Answer(call, new CertificateList(
            _state.Generation, _stopped is null ? [.. _state.Certificates.Where(c => c.Round >= from)] : NoCertificates)));

    private void Advance(TimeSpan now)
    {
        if (_stopped is not null) return;
        while (IsRounds && CanCloseRound()) CloseRound();
        CertifyIdleBlocks();
        OpenDueCut(now);
        AdvanceCut();
        AdvancePolicy(now);
        LetThrough();
    }

    /// <summary>
    /// Lets through whom the gate is open for. While nothing has changed that it depends on, only those can be that have come since the last look.
    /// </summary>
    private void LetThrough()
    {
        var gate = new GateState(
            _state.Round, _state.MinClock, _state.Policy.Number, _state.SwitchFrom, _state.OpenCut?.Cut, _target is not null, IsRounds && HasBegun());
        if (gate == _gate)
        {
            foreach (var rank in _arrived)
                if (_parked.TryGetValue(rank, out var parked)) TryRelease(rank, parked);
        }
        else
        {
            foreach (var (rank, parked) in _parked.ToArray()) TryRelease(rank, parked);
        }
        _gate = gate;
        _arrived.Clear();
    }

    private void TryRelease(int rank, ParkedCall parked)
    {
        if (IsOpenFor(_state.Ranks[rank]) && !IsHeld(rank)) Release(rank, parked);
    }

    /// <summary>
    /// A round closes when every participating rank has contributed, or all but the backup workers, by identity: who has is in the state,
    /// not in a count of messages. It waits while blocks freeze for a cut, and while too many certificates are out.
    /// </summary>
    private bool CanCloseRound() =>
        !_freezing && _state.SwitchFrom is null && _state.Certificates.Count < MaxCertificates
        && _state.Contributed > 0 && _state.Missing <= _state.Policy.BackupWorkers;

    private void CloseRound() => Decide(new RoundClosed(new(_state.Round,
        [.. _state.Ranks.Values.Where(r => r.ContributedRound == _state.Round)
            .Select(r => new CertificateMember(r.Record.Rank, r.ContributedIncarnation))])));

    private void CertifyIdleBlocks(bool again = false)
    {
        var kept = _state.Certificates;
        var due = kept.Count >= CertifyEvery && _state.Round - _certifying >= CertifyEvery;
        if (!IsRounds || !(due || (again && kept.Count >= MaxCertificates))) return;
        _certifying = _state.Round;
        Tell(new CertifyBlocks([.. kept]));
    }

    /// <summary>BSP: the rank's round is closed. SSP(s): it is at most s clocks ahead of the slowest. ASP: always.</summary>
    private bool IsOpenFor(RankState rank) => IsRounds
        ? rank.Record.Clock <= _state.Round
        : rank.Record.Clock - _state.MinClock <= _state.Policy.Consistency.Staleness;

    private void Park(int rank, ParkedCall call)
    {
        if (_parked.Remove(rank, out var older)) Tell(new Answer(older.Call, older.Refuse(CoordinatorStatus.Waiting)));
        _parked[rank] = call;
        _arrived.Add(rank);
        _waits.TryAdd(rank, call.Since);
    }

    private void Unpark(int rank, CoordinatorStatus status)
    {
        if (status != CoordinatorStatus.Waiting) _waits.Remove(rank);
        if (!_parked.Remove(rank, out var parked)) return;
        Tell(new Answer(parked.Call, parked.IsJoin ? RefusedJoin(rank, status) : parked.Refuse(status)));
    }

    private void AnswerLongWaits(TimeSpan now)
    {
        foreach (var (rank, parked) in _parked.ToArray())
            if (now - parked.Since >= Parking.Limit) Unpark(rank, CoordinatorStatus.Waiting);
    }

    private void Release(int rank, ParkedCall parked)
    {
        _parked.Remove(rank);
        _waits.Remove(rank);
        _released.Add(rank);
        var state = _state.Ranks[rank];
        Tell(new Answer(parked.Call, parked.IsJoin ? ReplyToJoin(state) : ReplyToClock(state)));
    }

    private JoinReply ReplyToJoin(RankState rank) => new(
        CoordinatorStatus.Ok, _state.Generation, Term, rank.Record.Incarnation, rank.Record.Step, rank.Record.Clock,
        rank.Record.Cursor, _state.MinClock, rank.Cut, _state.RestoredCut, [.. _state.Certificates], rank.Record.Inherited)
    { MapVersion = _state.MapVersion, Policy = Changed(_state.Policy) };

    private ClockReply ReplyToClock(RankState rank) => new(
        CoordinatorStatus.Ok, rank.Record.Clock, Math.Min(_state.MinClock, rank.Record.Clock), rank.Cut, Term,
        _state.Certificates.Count > 0 ? _state.Certificates[^1] : null)
    { MapVersion = _state.MapVersion, Policy = Changed(_state.Policy) };

    /// <summary>All that the gate depends on, but for the ranks themselves, which change when they come to it.</summary>
    private readonly record struct GateState(
        long Round, long MinClock, long Policy, long? SwitchFrom, long? OpenCut, bool IsChanging, bool HasBegun);
}
