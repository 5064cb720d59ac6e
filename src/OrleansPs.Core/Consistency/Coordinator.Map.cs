using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// The block map: which replica leads, which one stands by. A replica whose silo is gone is replaced in place, by the standby,
/// which has all that was acknowledged; then a new standby is brought up to date. Every change is in the record before anyone acts on it.
/// </summary>
public sealed partial class Coordinator
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<Guid> _lostReplicas = [];
    private BlockWork[] _work = [];
    private HashSet<string> _alive = [];
    private IReadOnlyList<string>? _usable;
    private IReadOnlyList<ReplicaSilos>? _plan;
    private long _order;
    private long _attempts;
    private bool _isLost;

    // Of the blocks for which there is something to do, but not yet: when the first one has waited for long enough since an attempt failed, and whether
    // one waits for fewer others to join.
    private TimeSpan _waitUntil = TimeSpan.MaxValue;
    private bool _waitsForOthers;

    /// <summary>Whether every block has as many replicas as it can have, where they should be.</summary>
    public bool IsSettled => _usable is not null && !_isLost && Array.TrueForAll(_work, w => w.IsIdle)
        && _state.Map.Select(ReplicaSilos.Of).SequenceEqual(Plan());

    /// <summary>Which silos there are.</summary>
    /// <param name="usable">Those that take replicas, in the order in which they are filled; if empty, nothing moves.</param>
    /// <param name="alive">Those whose replicas are not lost.</param>
    /// <param name="now">The present time.</param>
    public void SilosChanged(IReadOnlyList<string> usable, IEnumerable<string> alive, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(usable);
        if (_stopped is not null) return;
        var living = new HashSet<string>(alive, StringComparer.Ordinal);
        if (_usable is not null && usable.SequenceEqual(_usable) && living.SetEquals(_alive)) return;
        (_usable, _alive, _plan) = (usable, living, null);
        SettleMap(now);
        Advance(now);
    }

    /// <summary>An empty replica is there, or could not be made.</summary>
    public void ReplicaPrepared(int block, long attempt, ReplicaSite? site, TimeSpan now)
    {
        var work = _work[block];
        if (_stopped is not null || work.Attempt != attempt)
        {
            // An answer that comes again may be about the one that was taken. One who is deposed can't say that it was not: what he thinks
            // of the map may not be in the record, and his successor may have made it the primary.
            if (site is not null && (_stopped is null ? !Knows(block, site.Nonce) : work.Attempt == attempt)) Tell(new CloseReplica(site));
            return;
        }
        if (site is null || IsGone(site)) FailJoin(block, now);
        else
        {
            (work.Attempt, work.Joiner) = (0, site);
            work.Step = Order(block, _state.Map[block].Primary, ReplicaTask.AddStandby, site, now);
        }
        SettleBlock(block, now);
    }

    /// <summary>Whether a replica has a part in the model, or is about to.</summary>
    public bool Knows(int block, Guid nonce) => block >= 0 && block < _work.Length
        && (_state.Map[block].Primary.Nonce == nonce || _state.Map[block].Standby?.Nonce == nonce || _work[block].Joiner?.Nonce == nonce);

    /// <summary>A replica has answered a command.</summary>
    public void ReplicaAnswered(int block, Stamp stamp, ReplicaAnswer answer, TimeSpan now)
    {
        if (_stopped is not null) return;
        var work = _work[block];
        if (work.Lead?.Command.Stamp == stamp)
        {
            work.Lead = Answered(work.Lead, answer);
            if (answer == ReplicaAnswer.Done && work.Suspect is not null) work.SuspectAt ??= now;
        }
        else if (work.Follow?.Command.Stamp == stamp) work.Follow = Answered(work.Follow, answer);
        else if (work.Step?.Command.Stamp == stamp) StepAnswered(block, work.Step, answer, now);
        SettleBlock(block, now);
        Advance(now);
    }

    /// <summary>
    /// A primary says that its standby, or one that joins and that it waits for already, does not follow any more: it is let go, and
    /// the primary goes on without, once it is known to be there itself.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="nonce">The standby's.</param>
    /// <param name="heard">The newest command that the primary had heard when it said so.</param>
    /// <param name="now">The present time.</param>
    public void StandbyLost(int block, Guid nonce, Stamp heard, TimeSpan now)
    {
        if (_stopped is not null || block < 0 || block >= _work.Length) return;
        var (sites, work) = (_state.Map[block], _work[block]);
        // A primary that is dead to the others has lost touch, not its standby: that one is to take its place.
        if (_usable is null || IsGone(sites.Primary)) return;
        if (sites.Standby?.Nonce == nonce) Suspect(block, nonce, heard, now);
        else if (work.Joiner?.Nonce == nonce) FailJoin(block, now);
        SettleBlock(block, now);
        Advance(now);
    }

    /// <summary>
    /// It may be the primary that is cut off, and about to be dead to the others; or it was, and what it says now it said then. So it is
    /// asked whether it is there, and its standby goes if it says the same again after it has answered.
    /// </summary>
    private void Suspect(int block, Guid nonce, Stamp heard, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        if (work.Suspect == nonce && (work.SuspectAt is null || heard < work.SuspectStamp)) return;
        if (work.Suspect == nonce && now - work.SuspectAt < ReplicationLimits.StandbyPatience * 3)
        {
            LetSuspectGo(block);
            return;
        }
        EndWork(block);
        work.Suspect = nonce;
        work.Lead = Order(block, sites.Primary, ReplicaTask.Lead, sites.Standby, now);
        work.SuspectStamp = work.Lead.Command.Stamp;
    }

    /// <summary>A new term begins: every replica is told what the record has it be, so none obeys an older coordinator.</summary>
    private void BeginMap(TimeSpan now)
    {
        _work = [.. _state.Map.Select(_ => new BlockWork())];
        if (_work.Length == 0) return;
        Publish();
        for (var block = 0; block < _work.Length; block++) Appoint(block, now);
    }

    /// <summary>Nobody else knows of replicas that were to join.</summary>
    private void CloseJoiners()
    {
        foreach (var work in _work)
            if (work.Joiner is { } joiner) _ready.Add(new CloseReplica(joiner));
    }

    private void TickMap(TimeSpan now)
    {
        for (var block = 0; block < _work.Length; block++)
        {
            var work = _work[block];
            // A primary that is gone from a silo that lives says so to nobody, unless it is asked.
            if (work.IsIdle && now - work.LeadAt > ReplicationLimits.LookPeriod) OrderLead(block, now);
            SendAgain(block, work.Lead, now);
            SendAgain(block, work.Follow, now);
            SendAgain(block, work.Step, now);
            if (work.IsJoining && now - work.Since > ReplicationLimits.JoinPatience) FailJoin(block, now);
        }
        SettleMap(now);
    }

    private void SendAgain(int block, OpenCommand? open, TimeSpan now)
    {
        // What the record does not have yet waits to be told anyway.
        if (open is null || now - open.SentAt < AskAgain || _accepted < _state.Index) return;
        open.SentAt = now;
        Tell(new TellReplica(block, open.Site, open.Command));
    }

    private OpenCommand? Answered(OpenCommand open, ReplicaAnswer answer)
    {
        if (answer == ReplicaAnswer.Pending) return open;
        // A newer coordinator's word came first: this one will hear of it from the record.
        if (answer is ReplicaAnswer.Lost or ReplicaAnswer.StandbyFailed) _lostReplicas.Add(open.Site.Nonce);
        return null;
    }

    private void LetSuspectGo(int block)
    {
        var work = _work[block];
        if (work.Suspect is not { } nonce) return;
        _lostReplicas.Add(nonce);
        (work.Suspect, work.SuspectAt, work.FailedSilo) = (null, null, _state.Map[block].Standby?.Silo);
    }

    private void StepAnswered(int block, OpenCommand open, ReplicaAnswer answer, TimeSpan now)
    {
        var work = _work[block];
        if (answer == ReplicaAnswer.Pending) return;
        work.Step = null;
        if (answer == ReplicaAnswer.Lost) _lostReplicas.Add(open.Site.Nonce);
        else if (answer != ReplicaAnswer.Done) FailJoin(block, now, hadBegun: true);
        else if (open.Command.Task == ReplicaTask.Yield) Exchange(block, now);
        else if (_spec.Durability.IsReplicated) ReplaceStandby(block, now);
        // Without replication a block moves: who is up to date takes over at once.
        else work.Step = Order(block, _state.Map[block].Primary, ReplicaTask.Yield, null, now);
    }

    /// <summary>Brings every block in order, as far as that can be done now.</summary>
    private void SettleMap(TimeSpan now)
    {
        if (_usable is null || _isLost) return;
        var lost = 0;
        for (var block = 0; block < _work.Length; block++)
            if (!TryKeepAlive(block, now)) lost++;
        if (lost > 0)
        {
            _isLost = true;
            Tell(new BlocksLost(lost));
            return;
        }
        (_waitUntil, _waitsForOthers) = (TimeSpan.MaxValue, false);
        if (_usable.Count == 0) return;
        var joins = _work.Count(w => w.IsJoining);
        for (var block = 0; block < _work.Length; block++) StepOn(block, ref joins, now);
    }

    /// <summary>
    /// The same where nothing has changed but one block. A model has thousands of them, and each is asked again and again: the others are looked at only if
    /// one of those that wait may go on, or the plan is another one.
    /// </summary>
    private void SettleBlock(int block, TimeSpan now)
    {
        if (_usable is null || _isLost) return;
        var isThere = TryKeepAlive(block, now);
        var joins = _work.Count(w => w.IsJoining);
        if (!isThere || _plan is null || now >= _waitUntil || (_waitsForOthers && joins < ReplicationLimits.JoinsAtOnce)) SettleMap(now);
        else if (_usable.Count > 0) StepOn(block, ref joins, now);
    }

    private void StepOn(int block, ref int joins, TimeSpan now)
    {
        if (!_work[block].IsIdle) return;
        if (now < _work[block].NotBefore) _waitUntil = _work[block].NotBefore < _waitUntil ? _work[block].NotBefore : _waitUntil;
        else _waitsForOthers |= !TryStepToPlan(block, ref joins, now);
    }

    /// <summary>Sees to it that the map names no replica that is gone.</summary>
    /// <returns>False if the block is lost.</returns>
    private bool TryKeepAlive(int block, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        var standby = sites.Standby is { } s && !IsGone(s) ? s : null;
        if (IsGone(sites.Primary))
        {
            if (standby is null) return false;
            AbortCut("a block lost its primary");
            EndWork(block);
            Decide(new MapChanged(block, new(sites.Epoch + 1, standby, null)));
            Changed(block, now, replan: true);
            return true;
        }
        if (sites.Standby is not null && standby is null)
        {
            // Who joins is dropped with it, and begins anew: the primary acknowledges again when it hears that it is alone.
            EndWork(block);
            LetStandbyGo(block, now, replan: true);
        }
        if (work.Joiner is { } joiner ? IsGone(joiner) : work.Attempt != 0 && !_alive.Contains(work.Silo!)) FailJoin(block, now);
        return true;
    }

    /// <returns>False if there is something to do, but too many others join.</returns>
    private bool TryStepToPlan(int block, ref int joins, TimeSpan now)
    {
        var (sites, target) = (_state.Map[block], Plan()[block]);
        var (primary, standby) = (sites.Primary.Silo, sites.Standby?.Silo);
        if (primary == target.Primary && standby == target.Standby) return true;
        if (primary != target.Primary && standby is not null && (standby == target.Primary || standby == target.Standby))
            _work[block].Step = Order(block, sites.Primary, ReplicaTask.Yield, null, now);
        else if (primary == target.Primary && target.Standby is null) LetStandbyGo(block, now, replan: false);
        else
        {
            if (joins >= ReplicationLimits.JoinsAtOnce) return false;
            joins++;
            Prepare(block, primary == target.Primary ? target.Standby! : target.Primary!, now);
        }
        return true;
    }

    private void Prepare(int block, string silo, TimeSpan now)
    {
        var work = _work[block];
        if (silo == work.FailedSilo) silo = _usable!.FirstOrDefault(s => s != silo && s != _state.Map[block].Primary.Silo
            && s != _state.Map[block].Standby?.Silo) ?? silo;
        (work.Attempt, work.Silo, work.Since) = (++_attempts, silo, now);
        Tell(new PrepareReplica(block, silo, work.Attempt));
    }

    private void LetStandbyGo(int block, TimeSpan now, bool replan)
    {
        var sites = _state.Map[block];
        Decide(new MapChanged(block, sites with { Standby = null }));
        Tell(new CloseReplica(sites.Standby!));
        Changed(block, now, replan);
    }

    /// <summary>The joiner has all that was acknowledged, and nothing more is without it: the record may name it.</summary>
    private void ReplaceStandby(int block, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        Decide(new MapChanged(block, sites with { Standby = work.Joiner }));
        if (sites.Standby is { } former) Tell(new CloseReplica(former));
        var isElsewhere = work.FailedSilo is not null;
        (work.Joiner, work.FailedSilo) = (null, null);
        Changed(block, now, replan: isElsewhere);
    }

    /// <summary>The primary takes nothing more and the other one has all: the two change roles, or the primary goes.</summary>
    private void Exchange(int block, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        var next = work.Joiner ?? sites.Standby;
        if (next is null) return;
        AbortCut("a block changed its primary");
        var stays = _spec.Durability.IsReplicated;
        Decide(new MapChanged(block, new(sites.Epoch + 1, next, stays ? sites.Primary : null)));
        if (!stays) Tell(new CloseReplica(sites.Primary));
        // Where it went elsewhere than planned, the plan is made anew from there: it would never be where the old one wants it.
        var isElsewhere = work.Joiner is not null && work.FailedSilo is not null;
        if (work.Joiner is not null) (work.Joiner, work.FailedSilo) = (null, null);
        Changed(block, now, replan: isElsewhere);
    }

    /// <summary>Gives up a replica that was to join, or an exchange. The primary may wait or have yielded already: it is told who its standby is.</summary>
    private void FailJoin(int block, TimeSpan now, bool hadBegun = false)
    {
        var work = _work[block];
        work.FailedSilo = work.Joiner?.Silo ?? (work.Attempt != 0 ? work.Silo : work.FailedSilo);
        work.NotBefore = now + ReplicationLimits.JoinPause;
        hadBegun |= work.Joiner is not null || work.Step is not null;
        EndWork(block);
        if (hadBegun) Appoint(block, now);
    }

    private void EndWork(int block)
    {
        var work = _work[block];
        if (work.Joiner is { } joiner) Tell(new CloseReplica(joiner));
        (work.Lead, work.Follow, work.Step, work.Joiner, work.Attempt) = (null, null, null, null, 0);
        (work.Suspect, work.SuspectAt) = (null, null);
    }

    private void Changed(int block, TimeSpan now, bool replan)
    {
        if (replan) _plan = null;
        Publish();
        Appoint(block, now);
    }

    private void Appoint(int block, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        OrderLead(block, now);
        work.Follow = sites.Standby is { } standby ? Order(block, standby, ReplicaTask.Follow, null, now) : null;
    }

    private void OrderLead(int block, TimeSpan now)
    {
        var (sites, work) = (_state.Map[block], _work[block]);
        (work.Lead, work.LeadAt) = (Order(block, sites.Primary, ReplicaTask.Lead, sites.Standby, now), now);
    }

    private OpenCommand Order(int block, ReplicaSite site, ReplicaTask task, ReplicaSite? standby, TimeSpan now)
    {
        var command = new ReplicaCommand(new(Term, ++_order), task, _state.Map[block].Epoch, standby);
        Tell(new TellReplica(block, site, command));
        return new(site, command) { SentAt = now };
    }

    private void Publish() => Tell(new PublishMap([.. _state.Map], _state.MapVersion));

    private IReadOnlyList<ReplicaSilos> Plan() => _plan ??= _usable!.Count == 0
        ? [.. _state.Map.Select(ReplicaSilos.Of)]
        : ReplicaPlacement.Plan([.. _state.Map.Select(ReplicaSilos.Of)], _usable, _spec.Durability.IsReplicated);

    private bool IsGone(ReplicaSite site) => !_alive.Contains(site.Silo) || _lostReplicas.Contains(site.Nonce);
}
