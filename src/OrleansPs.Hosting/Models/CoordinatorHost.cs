using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Hosting;

/// <summary>
/// Runs one coordinator in this process: one command at a time, the control record in memory, calls that wait as tasks. Effects
/// for blocks and storage go to a handler after the command and outside the lock: those of two commands may overlap, as
/// messages on a network would.
/// </summary>
internal sealed class CoordinatorHost
{
    private readonly Lock _turn = new();
    private readonly Coordinator _coordinator;
    private readonly ControlRecord _record;
    private readonly Dictionary<long, TaskCompletionSource<object>> _calls = [];
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly TimeProvider _time;
    private readonly long _start;
    private long _lastCall;

    public CoordinatorHost(ModelSpec spec, ControlState state, int blocks, long term, TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _record = new(spec, state);
        _coordinator = new(spec, _record.Raise(term)!, blocks, term, Now);
        Term = term;
    }

    /// <summary>Is given the effects for blocks and storage.</summary>
    public Action<CoordinatorEffect> OnEffect { get; set; } = _ => { };

    public long Term { get; }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    public async ValueTask<TReply> CallAsync<TReply>(
        Action<Coordinator, long, TimeSpan> command, CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        long call = 0;
        Do((coordinator, now) =>
        {
            call = ++_lastCall;
            _calls.Add(call, reply);
            command(coordinator, call, now);
        });
        try
        {
            return (TReply)await reply.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_turn) _calls.Remove(call);
        }
    }

    /// <summary>Runs a command, and then what follows from it.</summary>
    public void Do(Action<Coordinator, TimeSpan> command)
    {
        List<CoordinatorEffect>? outside = null;
        lock (_turn)
        {
            command(_coordinator, Now);
            Settle(ref outside);
        }
        if (outside is null) return;
        foreach (var effect in outside) OnEffect(effect);
    }

    public T Read<T>(Func<Coordinator, T> read)
    {
        lock (_turn) return read(_coordinator);
    }

    /// <summary>Carries out effects until there are none: entries go to the record, answers to their calls.</summary>
    private void Settle(ref List<CoordinatorEffect>? outside)
    {
        while (true)
        {
            _coordinator.TakeEffects(_effects);
            if (_effects.Count == 0) return;
            foreach (var effect in _effects)
            {
                if (effect is AppendToRecord append) Append(append);
                else if (effect is Answer answer) Complete(answer);
                else (outside ??= []).Add(effect);
            }
            _effects.Clear();
        }
    }

    private void Append(AppendToRecord append)
    {
        if (_record.Append(append.Term, append.Index, append.Entry)) _coordinator.RecordAccepted(append.Index);
        else _coordinator.Stop(CoordinatorStatus.NotCoordinator);
    }

    private void Complete(Answer answer)
    {
        if (_calls.Remove(answer.Call, out var call)) call.SetResult(answer.Reply);
    }
}
