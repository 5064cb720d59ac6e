using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>How a session leaves <see cref="SessionPhase.Active"/>, and what calls get then.</summary>
internal sealed partial class SessionState
{
    /// <summary>Takes note of a block's refusal.</summary>
    /// <param name="view">Where the session was when it asked.</param>
    /// <param name="block">The block.</param>
    /// <param name="reply">What it said.</param>
    /// <param name="background">Whether nobody needs this very answer: a closed step then stays for a real pull to find out.</param>
    /// <returns>What the call throws.</returns>
    public ParameterServerException Refusal(SessionView view, int block, BlockReply reply, bool background) => reply.Status switch
    {
        BlockStatus.StepClosed => StepClosed(view, background),
        BlockStatus.Fenced => Fenced(view),
        BlockStatus.OtherGeneration => Restart(view, StepRestartReason.ModelRestored, RestoredMessage),
        BlockStatus.CutClosed => Restart(view, StepRestartReason.Evicted,
            "A cut closed without this worker's open step, as it does when a lease runs out."),
        BlockStatus.OtherPolicy => OtherPolicy(view, background),
        BlockStatus.WindowExceeded => new WorkerStateException(
            $"A block refused a push beyond its window of {_spec.PushesPerStep} pushes in a step."),
        BlockStatus.TableFull => TableFull(block, reply),
        _ => new WorkerStateException($"A block answered {reply.Status}, which this session does not know."),
    };

    /// <summary>Takes note of a coordinator's refusal.</summary>
    /// <returns>What the call throws.</returns>
    public ParameterServerException Refusal(SessionView view, CoordinatorStatus status) => status switch
    {
        CoordinatorStatus.Fenced => Fenced(view),
        CoordinatorStatus.Evicted => Restart(view, StepRestartReason.Evicted, "The worker's lease ran out."),
        CoordinatorStatus.OtherGeneration => Restart(view, StepRestartReason.ModelRestored, RestoredMessage),
        CoordinatorStatus.StepClosed => Restart(view, StepRestartReason.StepClosed, ClosedMessage),
        CoordinatorStatus.RankOutOfRange =>
            new InvalidOptionsException("rank", _rank, "the coordinator does not know of so many ranks."),
        _ => Restart(view, StepRestartReason.StepAborted,
            $"The coordinator answered {status}: it has the rank at another step."),
    };

    /// <summary>Takes note of a join's refusal.</summary>
    /// <returns>What the call throws.</returns>
    public ParameterServerException JoinRefusal(CoordinatorStatus status)
    {
        switch (status)
        {
            case CoordinatorStatus.Fenced:
                Enter(SessionPhase.Fenced);
                return new FencedException(_spec.Name, _rank);
            case CoordinatorStatus.RankOutOfRange:
                return new InvalidOptionsException("rank", _rank, "the coordinator does not know of so many ranks.");
            case CoordinatorStatus.Evicted or CoordinatorStatus.OtherGeneration:
                return new ServerUnavailableException($"The model changed during each of several joins as rank {_rank}.");
            default:
                return new WorkerStateException($"The coordinator answered {status} to a join as rank {_rank}.");
        }
    }

    /// <summary>
    /// Refuses to end the rank's part while a push is unresolved or a step is being ended. An open step whose pushes are all
    /// acknowledged is no obstacle.
    /// </summary>
    public void RequirePresence()
    {
        lock (_lock)
        {
            RequireOpenStep();
            if (_ledger.Unresolved > 0) throw Unresolved();
        }
    }

    public void RequireNoPush()
    {
        lock (_lock)
            if (_ledger.Unresolved > 0) throw Unresolved();
    }

    /// <summary>Moves on to a phase without work.</summary>
    public void Enter(SessionPhase phase)
    {
        TaskCompletionSource[] waiting;
        lock (_lock)
        {
            if (_phase is SessionPhase.Left or SessionPhase.Fenced) return;
            _phase = phase;
            waiting = _ledger.TakeWaiting();
        }
        Fail(waiting);
    }

    private const string RestoredMessage = "The model was put back to a snapshot.";

    private const string ClosedMessage = "The round closed without this worker.";

    private ParameterServerException StepClosed(SessionView view, bool background)
    {
        if (background) return new StepRestartException(StepRestartReason.StepClosed, ClosedMessage);
        lock (_lock)
        {
            if (view.Life == _life && view.Step != _position.Step)
                return new WorkerStateException($"Step {view.Step} ended while this call was under way.");
        }
        return Restart(view, StepRestartReason.StepClosed, ClosedMessage);
    }

    // Shards are the last blocks of a model, table after table.
    private ParameterServerException TableFull(int block, in BlockReply reply)
    {
        var shard = block - _blocks + _spec.Tables.Sum(t => t.Shards);
        foreach (var table in _spec.Tables)
        {
            if (shard >= 0 && shard < table.Shards) return new TableFullException(table.Name, shard, reply.Version, reply.From);
            shard -= table.Shards;
        }
        return new WorkerStateException($"Block {block}, which is no shard of a table, answered {reply.Status}.");
    }

    // Who is live stands still when the policy changes, and hears of it before it goes on.
    private ParameterServerException OtherPolicy(SessionView view, bool background)
    {
        const string message = "The model's policy changed while nobody waited for this worker.";
        return background ? new StepRestartException(StepRestartReason.Evicted, message) : Restart(view, StepRestartReason.Evicted, message);
    }

    private ParameterServerException Restart(SessionView view, StepRestartReason reason, string message)
    {
        TaskCompletionSource[] waiting = [];
        ParameterServerException answer;
        lock (_lock)
        {
            if (view.Life != _life) return Stale();
            if (_phase is SessionPhase.Active or SessionPhase.OutOfData) waiting = MustResume(reason, message);
            answer = Barrier() ?? new StepRestartException(reason, message);
        }
        Fail(waiting);
        return answer;
    }

    private ParameterServerException Fenced(SessionView view)
    {
        TaskCompletionSource[] waiting;
        lock (_lock)
        {
            // A join that is under way, or was given up, may be what fences this request: only its own answer tells.
            if (view.Life != _life || _nonce is not null) return Stale();
            if (_phase != SessionPhase.Left) _phase = SessionPhase.Fenced;
            waiting = _ledger.TakeWaiting();
        }
        Fail(waiting);
        return new FencedException(_spec.Name, _rank);
    }

    private TaskCompletionSource[] MustResume(StepRestartReason reason, string message)
    {
        _phase = SessionPhase.MustResume;
        _restart = (reason, message);
        _metrics.Restarted();
        return _ledger.TakeWaiting();
    }

    private void RequireOpenStep()
    {
        RequireActive();
        if (_clock is not null) throw new WorkerStateException(
            $"Step {_position.Step} is being ended: call ClockAsync with cursor {_clock} again until it is answered.");
    }

    private void RequireActive()
    {
        if (Barrier() is { } barrier) throw barrier;
    }

    private ParameterServerException? Barrier() => _phase switch
    {
        SessionPhase.MustResume => new StepRestartException(_restart.Reason, _restart.Message),
        SessionPhase.OutOfData => new WorkerStateException("The session said that it has no more data: call ResumeAsync first."),
        SessionPhase.Left => new WorkerStateException("The session has left the model."),
        SessionPhase.Fenced => new FencedException(_spec.Name, _rank),
        _ => null,
    };

    private void Fail(TaskCompletionSource[] waiting)
    {
        foreach (var turn in waiting) turn.TrySetException(Ended());
    }

    private ParameterServerException Ended()
    {
        lock (_lock) return Barrier() ?? Stale();
    }

    private static StepRestartException Stale() =>
        new(StepRestartReason.StepAborted, "The session resumed while this call was under way.");

    private static WorkerStateException Unresolved() => new("A push of this step is unresolved: await it first.");
}
