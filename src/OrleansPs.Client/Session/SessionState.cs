using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>What a session may do.</summary>
internal enum SessionPhase
{
    Active,
    MustResume,
    OutOfData,
    Left,
    Fenced,
}

/// <summary>
/// Where a session is and what it knows: phase, place, newest decisions of the coordinator, the pushes of the open step.
/// Pure bookkeeping under one short lock; it sends nothing. What a reply says is believed only if no join lies between
/// the request and it (<see cref="SessionView.Life"/>).
/// </summary>
/// <remarks>Thread safe. Those who wait for a turn are completed outside the lock.</remarks>
internal sealed partial class SessionState
{
    private readonly Lock _lock = new();
    private readonly ModelSpec _spec;
    private readonly int _rank;
    private readonly int _blocks;
    private readonly SessionMetrics _metrics;
    private readonly CertificateLog _certificates = new();
    private readonly PushLedger _ledger;
    private readonly GradientEncoder _encoder;

    private TrainingPolicy _policy;
    private SessionPhase _phase = SessionPhase.MustResume;
    private (StepRestartReason Reason, string Message) _restart = (StepRestartReason.StepAborted, "The session has not joined.");
    private WorkerPosition _position;
    private int _life;
    private long _generation = -1;
    private long _term;
    private long _incarnation = -1;
    private long _cut;
    private long _minClock;

    public SessionState(ModelSpec spec, int rank, int blocks, SessionMetrics metrics, GradientEncoder encoder)
    {
        _spec = spec;
        (_rank, _blocks) = (rank, blocks);
        _metrics = metrics;
        _encoder = encoder;
        _policy = TrainingPolicy.Of(spec);
        _ledger = new(blocks, spec.Tables.Count, spec.PushesPerStep) { IsOrdered = IsBulkSynchronous };
    }

    /// <summary>The policy in force; it changes between two steps.</summary>
    public TrainingPolicy Policy => Volatile.Read(ref _policy);

    public bool IsBulkSynchronous => Policy.IsRounds;

    public int Rank => _rank;

    public SessionPhase Phase
    {
        get { lock (_lock) return _phase; }
    }

    public WorkerPosition Position
    {
        get { lock (_lock) return _position; }
    }

    /// <summary>The open step, and the version of the residuals that it began with.</summary>
    public (long Step, int Version) Residuals
    {
        get { lock (_lock) return (_position.Step, _encoder.Version); }
    }

    /// <summary>Goes on with other residuals, if they are those of the open step.</summary>
    /// <exception cref="WorkerStateException">The step has ended, or has pushed already.</exception>
    public void Replace(long step, float[][] residuals)
    {
        lock (_lock)
        {
            RequireOpenStep();
            if (step != _position.Step) throw new WorkerStateException($"Step {step} ended while its residuals were loaded.");
            _encoder.Replace(residuals);
        }
    }

    /// <summary>Refuses a push that can't begin now.</summary>
    public void RequireStep(TransferPlan plan)
    {
        lock (_lock)
        {
            RequireOpenStep();
            _ledger.RequireRoom(plan);
        }
    }

    /// <summary>Begins a pull.</summary>
    public SessionView BeginPull()
    {
        lock (_lock)
        {
            RequireOpenStep();
            return View();
        }
    }

    /// <summary>Where the session is, if it may begin a pull now.</summary>
    public bool TryView(out SessionView view)
    {
        lock (_lock)
        {
            view = View();
            return _phase == SessionPhase.Active && _clock is null;
        }
    }

    /// <summary>Begins a push and numbers it.</summary>
    public SessionView BeginPush(TransferPlan plan, int[] sequences)
    {
        lock (_lock)
        {
            RequireOpenStep();
            _ledger.Begin(plan, sequences);
            return View();
        }
    }

    /// <summary>Ends a push. Without an acknowledgement of every block its outcome is unknown, and so the step is aborted.</summary>
    public void EndPush(SessionView view, bool acknowledged)
    {
        TaskCompletionSource[] waiting = [];
        lock (_lock)
        {
            _ledger.End();
            if (!acknowledged && view.Life == _life && _phase == SessionPhase.Active)
                waiting = MustResume(StepRestartReason.StepAborted, "A push of the step was given up, so its outcome is unknown.");
        }
        Fail(waiting);
    }

    /// <summary>The same place with the newest term and certificates, for another try.</summary>
    /// <exception cref="ParameterServerException">The session may no longer go on with it.</exception>
    public SessionView Fresh(SessionView view)
    {
        lock (_lock)
        {
            if (view.Life != _life) throw Stale();
            RequireActive();
            return view with { Term = _term, Known = Known(), Newest = _certificates.Newest };
        }
    }

    /// <summary>Completes when a push may be sent.</summary>
    public Task TurnOf(SessionView view, int block, int sequence)
    {
        if (!IsBulkSynchronous || sequence == 0) return Task.CompletedTask;
        lock (_lock)
        {
            if (view.Life != _life) throw Stale();
            RequireActive();
            return _ledger.TurnOf(block, sequence);
        }
    }

    /// <summary>Notes that a block has a push, and lets the next one go.</summary>
    public void Acknowledge(SessionView view, int block, int sequence)
    {
        if (!IsBulkSynchronous) return;
        TaskCompletionSource? next;
        lock (_lock) next = view.Life == _life ? _ledger.Acknowledge(block, sequence) : null;
        next?.TrySetResult();
    }

    public IReadOnlyList<Certificate> CertificatesFrom(long round)
    {
        lock (_lock) return _certificates.From(round);
    }

    public void Learn(SessionView view, IReadOnlyList<Certificate> certificates)
    {
        lock (_lock)
        {
            if (view.Life != _life) return;
            foreach (var certificate in certificates) _certificates.Add(certificate);
        }
    }

    private SessionView View() => new(
        _life, _generation, _term, _incarnation, _position.Step, _position.Clock, _minClock, _cut, Known(),
        _certificates.Newest, _policy.Number);

    /// <summary>Works by a policy from now on: what is under way or kept of the time before is of no use any more.</summary>
    private void Enter(TrainingPolicy? policy)
    {
        policy ??= TrainingPolicy.Of(_spec);
        if (policy == _policy) return;
        Volatile.Write(ref _policy, policy);
        _ledger.IsOrdered = policy.IsRounds;
        _certificates.Clear();
        _life++;
    }

    // At clock c of BSP c rounds are closed, even if their certificates are no longer kept.
    private long Known() => IsBulkSynchronous ? Math.Max(_certificates.Known, _position.Clock) : 0;
}
