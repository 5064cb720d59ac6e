using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>Membership: joins, clocks, heartbeats, leases.</summary>
public sealed partial class Coordinator
{
    /// <summary>After a restore or a new term, ranks that were there before have this many leases to come back.</summary>
    private const int GraceLeases = 6;

    private static readonly IReadOnlyList<Certificate> NoCertificates = [];

    /// <summary>Somebody wants to play a rank.</summary>
    public void Join(long call, JoinCommand command, TimeSpan now)
    {
        if (JoinRefusal(command) is { } status)
        {
            Tell(new Answer(call, RefusedJoin(command.Rank, status)));
            return;
        }
        var rank = _state.Ranks.GetValueOrDefault(command.Rank) ?? RankState.Expected(command.Rank);
        if (rank.Nonce != command.Nonce || rank.Record.Status == WorkerStatus.Expected)
        {
            Unpark(command.Rank, CoordinatorStatus.Fenced);
            Decide(new RankJoined(command.Rank, command.Nonce, rank.Record.Incarnation + 1, ClockOfJoiner(rank)) { Resumes = command.Incarnation >= 0 });
            _released.Remove(command.Rank);
        }
        _leases.Renew(command.Rank, now);
        Park(command.Rank, new(call, now, IsJoin: true));
        Advance(now);
    }

    /// <summary>A rank finished a step and waits for the next one.</summary>
    public void Clock(long call, ClockCommand command, TimeSpan now)
    {
        var status = ClockRefusal(command);
        if (status != CoordinatorStatus.Ok)
        {
            Tell(new Answer(call, new ClockReply { Status = status }));
            return;
        }
        _leases.Renew(command.Rank, now);
        if (command.Step == _state.Ranks[command.Rank].Record.Step)
        {
            Decide(new StepFinished(command.Rank, command.Cursor));
            _released.Remove(command.Rank);
        }
        Park(command.Rank, new(call, now, IsJoin: false));
        Advance(now);
    }

    /// <summary>A rank says that it is alive, has no more data, or leaves.</summary>
    public void Presence(long call, PresenceCommand command, TimeSpan now)
    {
        var status = PresenceRefusal(command);
        if (status == CoordinatorStatus.Ok)
        {
            if (command.Kind == PresenceKind.Heartbeat) _leases.Renew(command.Rank, now);
            else Retire(command.Rank, command.Kind == PresenceKind.Leave ? WorkerStatus.Left : WorkerStatus.OutOfData);
        }
        Tell(new Answer(call, status == CoordinatorStatus.Ok
            ? new PresenceReply(status, _state.MinClock) { MapVersion = _state.MapVersion }
            : new PresenceReply(status, 0)));
        Advance(now);
    }

    /// <summary>Takes a rank out by hand; one that does not participate stays as it is.</summary>
    public void Evict(int rank, TimeSpan now)
    {
        if (_stopped is not null) return;
        Retire(rank, WorkerStatus.Evicted);
        Advance(now);
    }

    internal static JoinReply Refused(CoordinatorStatus status) => new(status, 0, 0, 0, 0, 0, 0, 0, 0, 0, NoCertificates, []);

    /// <summary>Whoever is told that its join was overtaken by an eviction learns which incarnation it was: its next join goes on from it.</summary>
    private JoinReply RefusedJoin(int rank, CoordinatorStatus status) => status == CoordinatorStatus.Evicted
        ? Refused(status) with { Generation = _state.Generation, Incarnation = _state.Ranks[rank].Record.Incarnation }
        : Refused(status);

    /// <summary>
    /// A newer incarnation fences an older one while it plays. One that was evicted, or that a restore waits for, may have been
    /// the caller's own, from a join whose answer it never heard.
    /// </summary>
    private CoordinatorStatus? JoinRefusal(JoinCommand command)
    {
        if (IsOutdated(command.Generation)) return CoordinatorStatus.NotCoordinator;
        if (_stopped is { } stopped) return stopped;
        if (command.Rank < 0 || command.Rank >= _spec.RankLimit) return CoordinatorStatus.RankOutOfRange;
        if (!_state.Ranks.TryGetValue(command.Rank, out var rank)) return null;
        if (rank.Nonce == command.Nonce) return rank.Participates ? null : CoordinatorStatus.Evicted;
        var isOvertaken = rank.PastNonces.Contains(command.Nonce) || rank.FirstNonces.Contains(command.Nonce)
            || (command.Incarnation >= 0 && command.Generation == _state.Generation
                && rank.Record.Incarnation > command.Incarnation
                && rank.Record.Status is not (WorkerStatus.Evicted or WorkerStatus.Expected));
        return isOvertaken ? CoordinatorStatus.Fenced : null;
    }

    private CoordinatorStatus ClockRefusal(ClockCommand command)
    {
        var status = SessionRefusal(command.Generation, command.Rank, command.Incarnation);
        if (status != CoordinatorStatus.Ok) return status;
        var record = _state.Ranks[command.Rank].Record;
        if (IsRounds && record.Status == WorkerStatus.Live && command.Step == record.Step && record.Clock < _state.Round)
            return CoordinatorStatus.StepClosed;
        return record.Status != WorkerStatus.Live || command.Cursor < 0
            || command.Step > record.Step || command.Step < Math.Max(0, record.Step - 1)
            || (command.Step == record.Step && !IsOpenFor(_state.Ranks[command.Rank]))
            ? CoordinatorStatus.Refused
            : CoordinatorStatus.Ok;
    }

    private CoordinatorStatus PresenceRefusal(PresenceCommand command)
    {
        var status = SessionRefusal(command.Generation, command.Rank, command.Incarnation);
        var leaves = status == CoordinatorStatus.Evicted && command.Kind == PresenceKind.Leave;
        return leaves ? CoordinatorStatus.Ok : status;
    }

    private CoordinatorStatus SessionRefusal(long generation, int rank, long incarnation)
    {
        if (IsOutdated(generation)) return CoordinatorStatus.NotCoordinator;
        if (_stopped is { } stopped) return stopped;
        if (generation != _state.Generation) return CoordinatorStatus.OtherGeneration;
        if (!_state.Ranks.TryGetValue(rank, out var known) || incarnation > known.Record.Incarnation)
            return CoordinatorStatus.Refused;
        if (incarnation < known.Record.Incarnation) return CoordinatorStatus.Fenced;
        return known.Record.Status == WorkerStatus.Evicted ? CoordinatorStatus.Evicted : CoordinatorStatus.Ok;
    }

    /// <summary>Who knows of a newer generation knows more than this coordinator, which may not have heard yet that it is over.</summary>
    private bool IsOutdated(long generation) => generation > _state.Generation;

    /// <summary>
    /// Where a joiner begins: BSP in the open round, or behind it if its contribution is in; SSP at the slowest other clock;
    /// ASP where the rank was. So nobody waits out an old gap.
    /// </summary>
    private long ClockOfJoiner(RankState rank)
    {
        if (IsRounds) return rank.ContributedRound == _state.Round ? _state.Round + 1 : _state.Round;
        if (_state.Policy.Consistency.Mode == ConsistencyMode.Asynchronous) return rank.Record.Clock;
        var others = _state.Ranks.Values.Where(r => r.Participates && r.Record.Rank != rank.Record.Rank).ToArray();
        return others.Length == 0
            ? Math.Max(rank.Record.Clock, _state.MinClock)
            : Math.Max(others.Min(r => r.Record.Clock), _state.MinClock);
    }

    private void Retire(int rank, WorkerStatus status)
    {
        if (!_state.Ranks.TryGetValue(rank, out var known)) return;
        var ends = known.Participates || (known.Record.Status == WorkerStatus.OutOfData && status == WorkerStatus.Left);
        if (!ends) return;
        _leases.End(rank);
        Decide(new RankRetired(rank, status));
        Unpark(rank, status == WorkerStatus.Evicted ? CoordinatorStatus.Evicted : CoordinatorStatus.Refused);
    }

    private static bool WasPresent(RankState rank) => rank.Record.Incarnation > 0 || rank.Record.Step > 0;

    private void GrantGrace(RankState rank, TimeSpan now) => _leases.Grant(rank.Record.Rank, now + GraceLeases * _spec.Lease);
}
