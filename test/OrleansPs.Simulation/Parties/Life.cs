using OrleansPs.Client;

namespace OrleansPs.Simulation;

/// <summary>One process of a worker: joins, and does step after step as a training loop would.</summary>
internal sealed partial class Life
{
    private readonly World _world;
    private readonly SimWorker _worker;
    private readonly SimTransport _transport;
    private readonly SimTime _time;
    private readonly TensorSet _values;
    private readonly TensorSet _ahead;
    private readonly bool _isCached;
    private readonly double _pullShare;
    private bool _isAhead;
    private WorkerSession _session = null!;

    public Life(World world, SimWorker worker)
    {
        (_world, _worker) = (world, worker);
        _time = new(world.Scheduler, Process);
        _transport = new(world, Process, worker.Rank);
        _values = TensorSet.For(world.Spec);
        _ahead = TensorSet.For(world.Spec);
        _isCached = world.Scheduler.Chance(0.5);
        _pullShare = world.Scheduler.Chance(0.7) ? 0.7 : 0.05;
    }

    public Process Process { get; } = new();

    /// <summary>Whether no other life of the rank ran while this one did.</summary>
    public bool IsAlone { get; set; } = true;

    /// <summary>Whether it is in the middle of a step: since it was let through it has neither ended it nor joined anew.</summary>
    public bool IsAtWork { get; private set; }

    /// <summary>The incarnation of the last join.</summary>
    public long Incarnation => _transport.Incarnation;

    /// <summary>The generation of the last join.</summary>
    public long Generation => _transport.Generation;

    private History History => _world.Histories[_transport.Generation];

    private Scheduler Scheduler => _world.Scheduler;

    public void Begin() => Observe(LiveAsync());

    private async void Observe(Task life)
    {
        try
        {
            await life.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever comes out of a session unexpectedly ends the run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _world.Violate("P8", $"The session of rank {_worker.Rank} threw {e}");
        }
    }

    private async Task LiveAsync()
    {
        var outcome = WorkerState.Waiting;
        try
        {
            var options = new WorkerOptions
            {
                MaxInFlight = Scheduler.Random.Next(1, 5),
                Cache = _isCached ? PullCache.WithinBound : PullCache.Off,
                RequestTimeout = Scheduler.Milliseconds(100, 3000),
                // Some sessions give up while a party is away, and resume.
                RetryFor = Scheduler.Chance(0.2) ? Scheduler.Milliseconds(3000, 5000) : TimeSpan.FromHours(1),
                MaxBackoff = TimeSpan.FromMilliseconds(200),
            };
            var environment = new SessionEnvironment(_time, Scheduler.Random.Next(), _world.NewNonce, _world.Metrics);
            _session = await WorkerSession.JoinAsync(
                _transport, _world.Spec, _worker.Rank, options, environment, CancellationToken.None).ConfigureAwait(false);
            outcome = await TrainAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is FencedException or ServerUnavailableException)
        {
            if (_world.Trace.IsOn) _world.Trace.Write($"worker {_worker.Rank} ends: {e.Message}");
            if (e is FencedException && IsAlone)
                _world.Violate("P7", $"Rank {_worker.Rank} is fenced, though no other process plays it.");
        }
        _worker.Ended(this, outcome);
    }

    private async Task<WorkerState> TrainAsync()
    {
        IsAtWork = true;
        CheckPosition();
        while (true)
        {
            try
            {
                var position = _session.Position;
                if (_world.Work.ItemOf(_worker.Rank, position.Step, position.Inherited) is not { } item)
                {
                    await FinishAsync().ConfigureAwait(false);
                    return WorkerState.Done;
                }
                if (_world.Befalls(FaultKind.EarlyLeave))
                {
                    await _session.LeaveAsync().ConfigureAwait(false);
                    return WorkerState.Gone;
                }
                if (_world.Befalls(FaultKind.OutOfDataAndBack)) await RestAsync().ConfigureAwait(false);
                else await DoAsync(item, position).ConfigureAwait(false);
            }
            catch (Exception e) when (e is StepRestartException or OperationCanceledException or ServerUnavailableException)
            {
                if (_world.Trace.IsOn) _world.Trace.Write($"worker {_worker.Rank}: {e.Message}");
                if (e is StepRestartException { Reason: StepRestartReason.Evicted }) CheckEvicted();
                if (e is OperationCanceledException) await ClockAfterCancelAsync().ConfigureAwait(false);
                await ResumeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>A push that was given up may have come to some blocks: its step can't be ended any more.</summary>
    private async Task ClockAfterCancelAsync()
    {
        var position = _session.Position;
        try
        {
            await _session.ClockAsync(Workload.CursorOf(position.Step + 1)).ConfigureAwait(false);
            _world.Violate("P1", $"Rank {_worker.Rank} ended step {position.Step}, of which a push has no known outcome.");
        }
        catch (StepRestartException)
        {
        }
    }

    private void CheckEvicted()
    {
        if (History.Lines.TryGetValue(_worker.Rank, out var line) && line.Incarnation == _transport.Incarnation && line.Participates)
            _world.Violate("P7", $"Rank {_worker.Rank} is told that it was evicted; the record has it at work.");
    }

    private async Task FinishAsync()
    {
        switch (Scheduler.Random.Next(3))
        {
            case 0: await _session.OutOfDataAsync().ConfigureAwait(false); break;
            case 1: await _session.LeaveAsync().ConfigureAwait(false); break;
            default: await _session.DisposeAsync().ConfigureAwait(false); break;
        }
    }

    private async Task RestAsync()
    {
        await _session.OutOfDataAsync().ConfigureAwait(false);
        await DelayAsync(1, 500).ConfigureAwait(false);
        await ResumeAsync().ConfigureAwait(false);
    }

    private async Task ResumeAsync()
    {
        IsAtWork = false;
        while (true)
        {
            try
            {
                await _session.ResumeAsync().ConfigureAwait(false);
                IsAtWork = true;
                CheckPosition();
                return;
            }
            catch (ServerUnavailableException)
            {
                await DelayAsync(1, 100).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What the service says on a join is where the record has the rank, unless somebody else has taken it up since.</summary>
    private void CheckPosition()
    {
        var position = _session.Position;
        if (position.Cursor != Workload.CursorOf(position.Step))
            _world.Violate("P5", $"Rank {_worker.Rank} joined at {position}, which has the cursor of another step.");
        if (!History.Lines.TryGetValue(_worker.Rank, out var line) || line.Incarnation != _transport.Incarnation) return;
        if (line.Step != position.Step || line.Clock != position.Clock)
            _world.Violate("P1", $"Rank {_worker.Rank} joined at {position}; the record has step {line.Step} at clock {line.Clock}.");
    }

    private async Task DoAsync(Item item, WorkerPosition position)
    {
        var own = new List<int>();
        _ownRows.Clear();
        if (Scheduler.Chance(0.3)) Prefetch();
        if (Scheduler.Chance(_pullShare)) await PullAsync(position, own).ConfigureAwait(false);
        if (PullsRows()) await PullRowsAsync(position).ConfigureAwait(false);
        await ComputeAsync().ConfigureAwait(false);
        if (Scheduler.Chance(_pullShare / 2)) await PullAsync(position, own).ConfigureAwait(false);
        if (Scheduler.Chance(0.3)) Prefetch();
        await PushAllAsync(item, position, own).ConfigureAwait(false);
        if (PullsRows()) await PullRowsAsync(position).ConfigureAwait(false);
        if (Scheduler.Chance(_pullShare / 2)) await PullAsync(position, own).ConfigureAwait(false);
        if (Scheduler.Chance(0.3)) Prefetch();
        await ClockAsync(position).ConfigureAwait(false);
    }

    private void Prefetch()
    {
        _isAhead = true;
        _session.Prefetch(_ahead);
    }

    private async Task PushAllAsync(Item item, WorkerPosition position, List<int> own)
    {
        var script = _world.Work.Script(item);
        var overlap = Scheduler.Chance(0.4);
        var running = new List<Task>();
        for (var call = 0; call < script.Length; call++)
        {
            var push = PushAsync(_world.Work.Id(item, call), script[call], position, own);
            var rows = PushRowsAsync(_world.Work.Id(item, call));
            running.AddRange([push, rows]);
            if (Scheduler.Chance(0.05)) await ClockTooEarlyAsync(push, position).ConfigureAwait(false);
            if (!overlap) await Task.WhenAll(push, rows).ConfigureAwait(false);
        }
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>A step can't be ended while a push of it is under way.</summary>
    private async Task ClockTooEarlyAsync(Task push, WorkerPosition position)
    {
        if (push.IsCompleted) return;
        try
        {
            await _session.ClockAsync(Workload.CursorOf(position.Step + 1)).ConfigureAwait(false);
            _world.Violate("P1", $"Rank {_worker.Rank} ended step {position.Step} while a push of it was under way.");
        }
        catch (ParameterServerException)
        {
            // If it is another refusal than the expected one, the push meets it too.
        }
    }

    private async Task PushAsync(int id, int[] parameters, WorkerPosition position, List<int> own)
    {
        using var cancel = Cancellation();
        var gradients = _world.Gradients(id, parameters);
        if (Scheduler.Chance(0.02)) await PushBadAsync(gradients).ConfigureAwait(false);
        if (Scheduler.Chance(0.4))
        {
            var values = new TensorSet();
            foreach (var (name, memory) in gradients) values.Add(name, new float[memory.Length]);
            var pull = Pull(position, fresh: true, _session.Policy.IsRounds ? own : [.. own, id]);
            await _session.PushPullAsync(gradients, values, cancel.Token).ConfigureAwait(false);
            _world.Pulls.Check(pull, values);
        }
        else
        {
            await _session.PushAsync(gradients, cancel.Token).ConfigureAwait(false);
        }
        own.Add(id);
    }

    /// <summary>A gradient with a NaN is refused, and nothing of it arrives.</summary>
    private async Task PushBadAsync(TensorSet gradients)
    {
        var bad = new TensorSet();
        foreach (var (name, memory) in gradients)
        {
            var copy = memory.ToArray();
            copy[^1] = float.NaN;
            bad.Add(name, copy);
        }
        try
        {
            await _session.PushAsync(bad).ConfigureAwait(false);
            _world.Violate("P8", "A push with a NaN was taken.");
        }
        catch (NonFiniteGradientException)
        {
        }
    }

    private async Task PullAsync(WorkerPosition position, List<int> own)
    {
        using var cancel = Cancellation();
        var isAhead = _isAhead && Scheduler.Chance(0.6);
        var pull = Pull(position, !isAhead && !_isCached, own);
        var values = isAhead ? _ahead : _values;
        try
        {
            await _session.PullAsync(values, cancel.Token).ConfigureAwait(false);
            _world.Pulls.Check(pull, values);
        }
        catch (OperationCanceledException)
        {
            // A pull that is given up leaves the session as it was.
        }
    }

    private Pull Pull(WorkerPosition position, bool fresh, List<int> own) => new(
        _worker.Rank, _transport.Generation, _session.Policy.Number, position.Clock, History.FinishCount, fresh, [.. own]);

    private async Task ClockAsync(WorkerPosition position)
    {
        var cursor = Workload.CursorOf(position.Step + 1);
        var generation = _transport.Generation;
        IsAtWork = false;
        while (true)
        {
            try
            {
                using var cancel = Cancellation();
                var result = await _session.ClockAsync(cursor, cancel.Token).ConfigureAwait(false);
                IsAtWork = true;
                CheckGate(position, result, _world.Histories[generation]);
                return;
            }
            catch (OperationCanceledException)
            {
                // The same clock is asked for again.
            }
        }
    }

    private void CheckGate(WorkerPosition position, ClockResult result, History history)
    {
        var item = history.ItemOf(_worker.Rank, position.Step)!.Value;
        var limit = history.Policy.Consistency.Staleness;
        // One that is no more waited for hears late.
        if (history.Policy.Number == _session.Policy.Number && (result.Clock - history.MinClock > limit || result.MinClock > history.MinClock))
            _world.Violate("P4", $"Rank {_worker.Rank} passed the gate with {result}; the slowest clock is {history.MinClock}.");
        if (history.Finished[_world.Work.Number(item)] == History.Never)
            _world.Violate("P1", $"Rank {_worker.Rank} was told that step {position.Step} is finished; the record does not have it.");
        if (result.Clock != _session.Position.Clock || _session.Position.Step != position.Step + 1)
            _world.Violate("P1", $"Rank {_worker.Rank} ended step {position.Step} and is at {_session.Position} after {result}.");
    }

    private async Task ComputeAsync()
    {
        if (Scheduler.Chance(0.05)) await DelayAsync(50, 400).ConfigureAwait(false);
        else await DelayAsync(0.5 * _world.Profile.Pace, 15 * _world.Profile.Pace).ConfigureAwait(false);
    }

    private Task DelayAsync(double low, double high) => Task.Delay(Scheduler.Milliseconds(low, high), _time);

    /// <summary>Mostly none; sometimes one that comes about soon.</summary>
    private CancellationTokenSource Cancellation()
    {
        if (!_world.Threatens(FaultKind.CancelledCall)) return new();
        var cancel = new CancellationTokenSource(Scheduler.Milliseconds(0.1, 60), _time);
        // A call that ends before is not cancelled.
        cancel.Token.Register(() => _world.Fault(FaultKind.CancelledCall));
        return cancel;
    }
}
