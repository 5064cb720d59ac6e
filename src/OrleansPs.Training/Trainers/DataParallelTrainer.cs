namespace OrleansPs.Training;

/// <summary>
/// The training loop of one worker: pull, compute gradients on the rank's next batch, push, clock; until all epochs are
/// done. It goes on where the rank's data cursor stands. Of embedding tables it pulls and pushes the rows that the batch
/// touches (<see cref="IRowObjective"/>).
/// </summary>
/// <remarks>Used once, by one thread of control.</remarks>
public sealed class DataParallelTrainer
{
    private readonly IParameterWorker _worker;
    private readonly IObjective _objective;
    private readonly IRowObjective? _rows;
    private readonly TrainerOptions _options;
    private readonly TimeProvider _time;
    private readonly BatchPlan _plan;
    private (long Step, int Epoch, double Loss) _last;
    private TimeSpan _compute;
    private long _started;
    private long _pushed;

    /// <summary>Makes the trainer of a worker that has joined its model.</summary>
    /// <param name="worker">The worker; the caller disposes it.</param>
    /// <param name="objective">What is made small.</param>
    /// <param name="options">How the data is gone through; the same for all workers.</param>
    /// <param name="time">What the time of steps is measured with, and stragglers wait on; the system's by default.</param>
    /// <exception cref="InvalidOptionsException">An option is out of its range, or there is too little data.</exception>
    public DataParallelTrainer(
        IParameterWorker worker, IObjective objective, TrainerOptions options, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(objective);
        _worker = worker;
        _objective = objective;
        _rows = objective as IRowObjective;
        _options = options;
        _time = time ?? TimeProvider.System;
        _plan = new(objective.Examples, options);
    }

    /// <summary>
    /// Trains until the rank's data is used up, and tells the model so. After a <see cref="IParameterWorker.ResumeAsync"/> it may be
    /// called again.
    /// </summary>
    /// <param name="onStep">Called after each step, on the loop's thread; null for nobody.</param>
    /// <param name="cancellationToken">Stops between two steps, or aborts the one being done.</param>
    public async Task RunAsync(Action<StepReport>? onStep = null, CancellationToken cancellationToken = default)
    {
        do await RunStepsAsync(onStep, cancellationToken).ConfigureAwait(false);
        while (!await TryEndAsync(cancellationToken).ConfigureAwait(false));
    }

    // What is pulled before a round closes is not of the version that the next step needs.
    private bool Prefetches => _options.Prefetch && _objective.Parameters.Count > 0 && !_worker.Policy.IsRounds;

    private async Task RunStepsAsync(Action<StepReport>? onStep, CancellationToken cancellationToken)
    {
        Func<WorkerPosition, CancellationToken, ValueTask<long>> step = StepAsync;
        while (_worker.Position.Cursor < _plan.StepsOf(_worker.Position))
        {
            (_started, _compute) = (_time.GetTimestamp(), TimeSpan.Zero);
            var result = await _worker.RunStepAsync(step, cancellationToken).ConfigureAwait(false);
            onStep?.Invoke(Report(result));
        }
    }

    // The model may be put back after the last step: then there is more to do again.
    private async Task<bool> TryEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _worker.OutOfDataAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StepRestartException)
        {
            await _worker.ResumeAsync(cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private async ValueTask<long> StepAsync(WorkerPosition position, CancellationToken cancellationToken)
    {
        await PullAsync(position, cancellationToken).ConfigureAwait(false);
        if (Prefetches) _worker.Prefetch(_objective.Parameters);
        var computing = _time.GetTimestamp();
        _last = (position.Step, _plan.EpochOf(_worker.Rank, position), _objective.ComputeGradients(_plan.BatchOf(_worker.Rank, position)));
        await StraggleAsync(position, computing, cancellationToken).ConfigureAwait(false);
        // An attempt that did not count was computed, too.
        _compute += _time.GetElapsedTime(computing);
        await PushAsync(cancellationToken).ConfigureAwait(false);
        _pushed = _time.GetTimestamp();
        return position.Cursor + 1;
    }

    // Which rows a step needs depends on its examples.
    private async ValueTask PullAsync(WorkerPosition position, CancellationToken cancellationToken)
    {
        if (_objective.Parameters.Count > 0) await _worker.PullAsync(_objective.Parameters, cancellationToken).ConfigureAwait(false);
        _rows?.SelectRows(_plan.BatchOf(_worker.Rank, position), _plan.SeedOf(_worker.Rank, position));
        if (_rows?.Rows.Count > 0) await _worker.PullRowsAsync(_rows.Rows, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask PushAsync(CancellationToken cancellationToken)
    {
        if (_objective.Gradients.Count > 0) await _worker.PushAsync(_objective.Gradients, cancellationToken).ConfigureAwait(false);
        if (_rows?.RowGradients.Count > 0) await _worker.PushRowsAsync(_rows.RowGradients, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask StraggleAsync(WorkerPosition position, long computing, CancellationToken cancellationToken)
    {
        if (_options.Stragglers is not { } stragglers) return;
        var left = stragglers.TimeOf(_worker.Rank, position.Step) - _time.GetElapsedTime(computing);
        if (left > TimeSpan.Zero) await Task.Delay(left, _time, cancellationToken).ConfigureAwait(false);
    }

    private StepReport Report(ClockResult result)
    {
        var gate = _time.GetElapsedTime(_pushed);
        var transfer = _time.GetElapsedTime(_started, _pushed) - _compute;
        return new(_worker.Rank, _last.Step, _last.Epoch, _worker.Position.Cursor, result.Clock, result.Staleness, _last.Loss,
            _options.BatchSize, new(_compute, transfer, gate)) { Policy = _worker.Policy };
    }
}
