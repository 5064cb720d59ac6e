using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>A session's requests to the coordinator: each is idempotent and asked again until it is answered.</summary>
internal sealed class CoordinatorCalls(SessionContext context)
{
    private const int MaxJoins = 3;

    private readonly SessionState _state = context.State;

    /// <summary>Takes up the rank, for the first time or again.</summary>
    public async Task<WorkerPosition> JoinAsync(CancellationToken cancellationToken)
    {
        var command = _state.BeginJoin(context.Environment.NewNonce);
        try
        {
            for (var tries = 1; ; tries++)
            {
                var reply = await AskJoinAsync(command, cancellationToken).ConfigureAwait(false);
                if (reply.Status == CoordinatorStatus.Ok) return _state.Joined(reply);
                // Only an eviction ends a join that came about. "Another generation" may come from a coordinator that was stopped
                // long ago, while the join is in the record: under a new nonce the session would be fenced by itself.
                if (reply.Status != CoordinatorStatus.OtherGeneration)
                    command = _state.RenewJoin(context.Environment.NewNonce, reply);
                if (tries == MaxJoins || !IsPassed(reply.Status)) throw _state.JoinRefusal(reply.Status);
            }
        }
        finally
        {
            _state.EndJoin();
        }
    }

    /// <summary>Ends the step and waits at the gate, as long as it takes while the service answers.</summary>
    public async ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var view = _state.BeginClock(cursor, out var command);
        try
        {
            var reply = await AskAsync(
                "A clock", command, static (transport, c, token) => transport.ClockAsync(c, token),
                static r => r.Status, cancellationToken).ConfigureAwait(false);
            return reply.Status == CoordinatorStatus.Ok
                ? _state.Clocked(view, reply)
                : throw _state.Refusal(view, reply.Status);
        }
        finally
        {
            _state.EndClock();
        }
    }

    /// <summary>Says something of the session, and waits until it is heard.</summary>
    public async Task SayAsync(PresenceKind kind, CancellationToken cancellationToken)
    {
        var view = _state.BeginPresence(kind, out var command);
        var reply = await AskAsync(
            $"The message {kind}", command, static (transport, c, token) => transport.PresenceAsync(c, token),
            static r => r.Status, cancellationToken).ConfigureAwait(false);
        if (reply.Status != CoordinatorStatus.Ok) throw _state.Refusal(view, reply.Status);
    }

    /// <summary>Says something once, and takes note of the answer.</summary>
    public async Task TrySayAsync(PresenceKind kind, TimeSpan limit, CancellationToken cancellationToken)
    {
        var view = _state.BeginPresence(kind, out var command);
        var answer = await TryAsync(
            command, static (transport, c, token) => transport.PresenceAsync(c, token), limit, cancellationToken)
            .ConfigureAwait(false);
        if (!answer.IsAnswered) return;
        var heard = answer.Reply;
        if (heard.Status == CoordinatorStatus.Ok) _state.Heard(view, heard);
        else if (heard.Status is CoordinatorStatus.Fenced or CoordinatorStatus.Evicted or CoordinatorStatus.OtherGeneration)
            _state.Refusal(view, heard.Status);
    }

    private Task<JoinReply> AskJoinAsync(JoinCommand command, CancellationToken cancellationToken) => AskAsync(
        "A join", command, static (transport, c, token) => transport.JoinAsync(c, token), static r => r.Status,
        cancellationToken);

    // The join of this nonce had come about, and was overtaken by an eviction or a restore before its answer was heard.
    private static bool IsPassed(CoordinatorStatus status) =>
        status is CoordinatorStatus.Evicted or CoordinatorStatus.OtherGeneration;

    private async Task<TReply> AskAsync<TCommand, TReply>(
        string what, TCommand command, Func<IParameterTransport, TCommand, CancellationToken, ValueTask<TReply>> send,
        Func<TReply, CoordinatorStatus> statusOf, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(context.Environment, context.Options);
        while (true)
        {
            // A coordinator may let a join or a clock wait this much longer before it says that it is alive.
            var limit = context.Options.RequestTimeout + Parking.Limit;
            var answer = await TryAsync(command, send, limit, cancellationToken).ConfigureAwait(false);
            if (answer.IsAnswered && statusOf(answer.Reply) == CoordinatorStatus.Waiting)
            {
                backoff.Restart();
                continue;
            }
            if (answer.IsAnswered && statusOf(answer.Reply) != CoordinatorStatus.NotCoordinator) return answer.Reply;
            var pause = backoff.Next(what, answer.Error);
            context.Metrics.Retried();
            await Pause.ForAsync(pause, context.Environment.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private ValueTask<Attempt<TReply>> TryAsync<TCommand, TReply>(
        TCommand command, Func<IParameterTransport, TCommand, CancellationToken, ValueTask<TReply>> send, TimeSpan limit,
        CancellationToken cancellationToken) => Attempt.MakeAsync(
            context.Environment.Time, limit, token => send(context.Transport, command, token), cancellationToken);
}
