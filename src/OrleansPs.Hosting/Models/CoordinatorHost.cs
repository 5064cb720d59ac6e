using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Hosting;

/// <summary>
/// Runs one coordinator in this process: one command at a time, calls that wait as tasks. Decisions go to the journal, if there is one, in
/// batches; without one the state in memory is all there is. Effects for blocks and storage go to a handler after the command and
/// outside the lock: those of two commands may overlap, as messages on a network would.
/// </summary>
#pragma warning disable CA1001 // A semaphore that nobody waits for by its handle holds nothing.
internal sealed class CoordinatorHost
#pragma warning restore CA1001
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly Lock _turn = new();
    private readonly Coordinator _coordinator;
    private readonly ModelSpec _spec;
    private readonly IControlJournal? _journal;
    private readonly Dictionary<long, TaskCompletionSource<object>> _calls = [];
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TimeProvider _time;
    private readonly long _start;
    private List<AppendToRecord> _unsent = [];
    private bool _isPumping;
    private long _lastCall;

    /// <summary>Begins a term.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="state">What the record has; the coordinator's own from now on.</param>
    /// <param name="blocks">How many blocks the model has.</param>
    /// <param name="term">The term.</param>
    /// <param name="time">The clock.</param>
    /// <param name="journal">The record's second copy, which has the same state; null for none.</param>
    public CoordinatorHost(
        ModelSpec spec, ControlState state, int blocks, long term, TimeProvider time, IControlJournal? journal = null)
    {
        (_spec, _time, _start, _journal) = (spec, time, time.GetTimestamp(), journal);
        _coordinator = new(spec, state, blocks, term, Now);
        Term = term;
    }

    /// <summary>Is given the effects for blocks and storage.</summary>
    public Action<CoordinatorEffect> OnEffect { get; set; } = _ => { };

    /// <summary>Is told once that a newer coordinator has the record.</summary>
    public Action OnDeposed { get; set; } = () => { };

    public long Term { get; }

    /// <summary>Whether what is decided has a second copy, or needs none.</summary>
    public bool IsSafe => _journal is null || _journal.HasCopy;

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

    public T Read<T>(Func<Coordinator, TimeSpan, T> read)
    {
        lock (_turn) return read(_coordinator, Now);
    }

    /// <summary>Silos came or went: the journal looks to its copy.</summary>
    public async Task RenewJournalAsync()
    {
        if (_journal is null) return;
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            Accept(await _journal.RenewAsync(StateNow).ConfigureAwait(false));
        }
        finally
        {
            _writing.Release();
        }
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
        if (_journal is null)
        {
            _coordinator.RecordAccepted(append.Index);
            return;
        }
        _unsent.Add(append);
        if (_isPumping) return;
        _isPumping = true;
        _ = Task.Run(PumpAsync);
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            await _writing.WaitAsync().ConfigureAwait(false);
            try
            {
                if (TakeUnsent() is not { } batch) return;
                await AppendAsync(batch).ConfigureAwait(false);
            }
            finally
            {
                _writing.Release();
            }
        }
    }

    /// <summary>Whatever goes wrong, what is decided must come to the journal: everything waits for it. Only the end of the coordinator ends that.</summary>
    private async Task AppendAsync(List<AppendToRecord> batch)
    {
        while (true)
        {
            try
            {
                Accept(await _journal!.AppendAsync(batch, StateNow).ConfigureAwait(false));
                return;
            }
#pragma warning disable CA1031 // See above.
            catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
            {
                await Task.Delay(s_pause, _time).ConfigureAwait(false);
            }
            if (Read(c => c.IsOver)) return;
        }
    }

    private List<AppendToRecord>? TakeUnsent()
    {
        lock (_turn)
        {
            if (_unsent.Count == 0)
            {
                _isPumping = false;
                return null;
            }
            var batch = _unsent;
            _unsent = [];
            return batch;
        }
    }

    private void Accept(long? safe)
    {
        if (safe is { } index)
        {
            Do((c, _) => c.RecordAccepted(index));
            return;
        }
        Do((c, _) => c.Stop(CoordinatorStatus.NotCoordinator));
        OnDeposed();
    }

    private ControlState StateNow() => Read(c => c.State.Clone(_spec));

    private void Complete(Answer answer)
    {
        if (_calls.Remove(answer.Call, out var call)) call.SetResult(answer.Reply);
    }
}
