using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>How a session comes to a step, and from one step to the next.</summary>
internal sealed partial class SessionState
{
    private long? _clock;
    private bool _isClocking;
    private bool _isJoining;
    private Guid? _nonce;

    /// <summary>
    /// Begins a join. A join whose outcome never became known is asked for again under its nonce: under another one the
    /// session would be fenced by itself.
    /// </summary>
    public JoinCommand BeginJoin(Func<Guid> newNonce)
    {
        lock (_lock)
        {
            if (_phase is SessionPhase.Left or SessionPhase.Fenced) throw Barrier()!;
            if (_isJoining) throw new WorkerStateException("The session is being resumed already.");
            if (_ledger.Unresolved > 0) throw Unresolved();
            if (_isClocking) throw new WorkerStateException("ClockAsync is under way: await it first.");
            _isJoining = true;
            if (_phase == SessionPhase.Active)
                MustResume(StepRestartReason.StepAborted, "The session is being resumed.");
            return new(_rank, _nonce ??= newNonce(), _incarnation, _generation);
        }
    }

    public void EndJoin()
    {
        lock (_lock) _isJoining = false;
    }

    /// <summary>
    /// The join of the last nonce is over: the next one is another. One that came about and was overtaken by an eviction made an
    /// incarnation of the session's own, which must not fence the next join.
    /// </summary>
    public JoinCommand RenewJoin(Func<Guid> newNonce, JoinReply refusal)
    {
        lock (_lock)
        {
            if (refusal.Incarnation > 0) (_generation, _incarnation) = (refusal.Generation, refusal.Incarnation);
            return new(_rank, (_nonce = newNonce()).Value, _incarnation, _generation);
        }
    }

    public WorkerPosition Joined(JoinReply reply)
    {
        TaskCompletionSource[] waiting;
        lock (_lock)
        {
            // The session may have been left or disposed of while it joined: the lease ends what the join began.
            if (_phase is SessionPhase.Left or SessionPhase.Fenced) throw Barrier()!;
            _life++;
            _nonce = null;
            TakeUpResiduals(reply);
            _clock = null;
            (_generation, _term, _incarnation) = (reply.Generation, reply.Term, reply.Incarnation);
            (_cut, _minClock) = (reply.Cut, reply.MinClock);
            _position = new(reply.Step, reply.Clock, reply.Cursor)
            {
                RestoredCut = reply.RestoredCut,
                Inherited = reply.Inherited,
            };
            Enter(reply.Policy);
            _certificates.Clear();
            foreach (var certificate in reply.Certificates) _certificates.Add(certificate);
            waiting = _ledger.Reset();
            _phase = SessionPhase.Active;
        }
        Fail(waiting);
        return Position;
    }

    // A clock whose answer was never heard may have been taken. After a restore the rank is at a step whose residuals are gone.
    private void TakeUpResiduals(JoinReply reply)
    {
        if (reply.Generation == _generation && reply.Step == _position.Step) _encoder.Restart();
        else if (reply.Generation == _generation && reply.Step == _position.Step + 1 && _clock is not null) _encoder.Finish();
        else _encoder.Forget();
    }

    public SessionView BeginClock(long cursor, out ClockCommand command)
    {
        if (cursor < 0) throw new InvalidOptionsException(nameof(cursor), cursor, "it must be >= 0.");
        lock (_lock)
        {
            RequireActive();
            if (_ledger.Unresolved > 0) throw Unresolved();
            if (_isClocking) throw new WorkerStateException("ClockAsync is under way: await it first.");
            if (_clock is not null && _clock != cursor) RequireOpenStep();
            _clock = cursor;
            _isClocking = true;
            command = new(_generation, _rank, _incarnation, _position.Step, cursor);
            return View();
        }
    }

    /// <summary>Ends one call; without <see cref="Clocked"/> before, the outcome is open and the step still being ended.</summary>
    public void EndClock()
    {
        lock (_lock) _isClocking = false;
    }

    public ClockResult Clocked(SessionView view, ClockReply reply)
    {
        lock (_lock)
        {
            // A heartbeat may have heard of an eviction or a restore before this answer came.
            if (view.Life != _life) throw Stale();
            RequireActive();
            _position = _position with { Step = _position.Step + 1, Clock = reply.Clock, Cursor = _clock!.Value };
            _clock = null;
            _encoder.Finish();
            (_cut, _term) = (reply.Cut, Math.Max(_term, reply.Term));
            _minClock = Math.Max(_minClock, reply.MinClock);
            Enter(reply.Policy);
            if (reply.Certificate is not null) _certificates.Add(reply.Certificate);
            _ledger.Reset();
            return new(reply.Clock, reply.MinClock);
        }
    }

    public SessionView BeginPresence(PresenceKind kind, out PresenceCommand command)
    {
        lock (_lock)
        {
            command = new(kind, _generation, _rank, _incarnation);
            return View();
        }
    }

    public void Heard(SessionView view, PresenceReply reply)
    {
        lock (_lock)
            if (view.Life == _life) _minClock = Math.Max(_minClock, reply.MinClock);
    }
}
