using System.Threading.Channels;
using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>
/// Gathers what the workers of a run report, for whoever shows it, and says when an evaluation is due. Thread safe.
/// </summary>
internal sealed class RunMonitor
{
    // Enough for a curve; a longer run is thinned evenly.
    private const int MostLosses = 100_000;

    private readonly Lock _lock = new();
    private readonly Channel<EvaluationDue> _due = Channel.CreateUnbounded<EvaluationDue>();
    private readonly Dictionary<long, long> _staleness = [];
    private readonly ThinnedList<LossPoint> _losses = new(MostLosses);
    private readonly List<EpochPoint> _epochs = [];
    private readonly List<PolicyTally> _policies = [];
    private readonly List<(double Epochs, TaskCompletionSource<bool> Reached)> _marks = [];
    private readonly WorkerTally[] _workers;
    private readonly TimeProvider _time;
    private readonly RunExtent _extent;
    private readonly long _started;
    private readonly long _stepsBefore;
    private long _stepsDone;
    private long _examples;
    private double _lossSum;
    private long _lossSteps;
    private TimeSpan? _ended;
    private Divergence? _diverged;

    /// <summary>Begins to watch, and to measure time.</summary>
    /// <param name="positions">Where each rank starts.</param>
    /// <param name="stepsLeft">How many steps all of them have to do.</param>
    /// <param name="extent">How long the whole training is.</param>
    /// <param name="time">The time.</param>
    public RunMonitor(IReadOnlyList<WorkerPosition> positions, long stepsLeft, RunExtent extent, TimeProvider time)
    {
        _workers = [.. positions.Select((position, rank) => new WorkerTally(rank, position))];
        _extent = extent;
        _time = time;
        _stepsBefore = _stepsDone = extent.Steps - stepsLeft;
        _started = time.GetTimestamp();
    }

    /// <summary>What the model is measured by.</summary>
    public EvaluationMetric Metric { get; init; } = EvaluationMetric.Accuracy;

    /// <summary>Evaluations to do, in order; it ends with the training.</summary>
    public ChannelReader<EvaluationDue> Due => _due.Reader;

    /// <summary>Takes a worker's report.</summary>
    public void OnStep(StepReport report)
    {
        lock (_lock)
        {
            var seconds = _time.GetElapsedTime(_started).TotalSeconds;
            _workers[report.Rank].Add(report);
            _staleness[report.Staleness] = _staleness.GetValueOrDefault(report.Staleness) + 1;
            _examples += report.Examples;
            _losses.Add(new(seconds, _examples, report.Loss));
            _lossSum += report.Loss;
            _lossSteps++;
            _stepsDone++;
            TallyOf(report.Policy, seconds)?.Add(report);
            ReachMarks();
            if (!_extent.IsEvaluationDue(_stepsDone)) return;
            _due.Writer.TryWrite(new(_extent.EpochsOf(_stepsDone), seconds, _lossSum / _lossSteps));
            _lossSum = _lossSteps = 0;
        }
    }

    /// <summary>Waits until so many epochs are done.</summary>
    /// <returns>False if the training ends before.</returns>
    public Task<bool> ReachAsync(double epochs)
    {
        lock (_lock)
        {
            if (_extent.EpochsOf(_stepsDone) >= epochs) return Task.FromResult(true);
            if (_ended is not null) return Task.FromResult(false);
            var reached = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _marks.Add((epochs, reached));
            return reached.Task;
        }
    }

    public void OnEvaluated(EpochPoint point)
    {
        lock (_lock) _epochs.Add(point);
    }

    /// <summary>A worker's gradient was no number or infinite; of several the first one counts.</summary>
    public void OnDiverged(Divergence diverged)
    {
        lock (_lock) _diverged ??= diverged;
    }

    /// <summary>The training is over: measures its time, and ends <see cref="Due"/>.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended ??= _time.GetElapsedTime(_started);
            foreach (var (_, reached) in _marks) reached.TrySetResult(false);
        }
        _due.Writer.TryComplete();
    }

    /// <summary>Where the training diverged; null if it did not.</summary>
    public Divergence? Diverged
    {
        get
        {
            lock (_lock) return _diverged;
        }
    }

    public RunReading Read()
    {
        lock (_lock)
            return new(
                _ended ?? _time.GetElapsedTime(_started), _stepsBefore, _stepsDone, _extent.Steps, _extent.EpochsOf(_stepsDone), _extent.Epochs,
                [.. _workers.Select(w => w.Read())], [.. _epochs]) { Metric = Metric, Policies = [.. _policies.Select(p => p.Read())] };
    }

    /// <summary>Completes a record with what was seen.</summary>
    /// <param name="record">What the run was.</param>
    /// <param name="restarts">How often each rank was started again.</param>
    public RunRecord Complete(RunRecord record, IReadOnlyList<int> restarts)
    {
        lock (_lock)
            return record with
            {
                Epochs = [.. _epochs],
                Losses = _losses.ToArray(),
                Workers = [.. _workers.Select((w, rank) => w.ToRecord(restarts[rank]))],
                Staleness = [.. _staleness.OrderBy(s => s.Key).Select(s => new StalenessCount(s.Key, s.Value))],
                Policies = [.. _policies.Select(p => p.Read())],
                Diverged = _diverged,
                Seconds = (_ended ?? _time.GetElapsedTime(_started)).TotalSeconds,
            };
    }

    // The first policy was in force from the start; another one from the first clock that tells of it.
    private PolicyTally? TallyOf(TrainingPolicy? policy, double seconds)
    {
        if (policy is null) return null;
        if (_policies.Find(p => p.Number == policy.Number) is { } known) return known;
        var tally = _policies.Count == 0
            ? new PolicyTally(policy, _extent.EpochsOf(_stepsBefore), 0) : new PolicyTally(policy, _extent.EpochsOf(_stepsDone), seconds);
        _policies.Add(tally);
        return tally;
    }

    private void ReachMarks()
    {
        if (_marks.Count == 0) return;
        var epochs = _extent.EpochsOf(_stepsDone);
        foreach (var (at, reached) in _marks)
            if (at <= epochs) reached.TrySetResult(true);
        _marks.RemoveAll(mark => mark.Reached.Task.IsCompleted);
    }
}

/// <summary>An evaluation that should be done.</summary>
/// <param name="Epochs">How many epochs are done.</param>
/// <param name="Seconds">Since when, in seconds of the run.</param>
/// <param name="TrainLoss">The mean loss of the steps since the last one.</param>
internal readonly record struct EvaluationDue(double Epochs, double Seconds, double TrainLoss);

/// <summary>A run at one moment.</summary>
/// <param name="Elapsed">Since it began.</param>
/// <param name="StepsBefore">Steps that an earlier run had done.</param>
/// <param name="StepsDone">Steps that are done, those included.</param>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="EpochsDone">Epochs that are done, with a fraction.</param>
/// <param name="Epochs">Epochs of the whole training.</param>
/// <param name="Workers">The workers, by rank.</param>
/// <param name="Evaluations">All evaluations so far.</param>
internal sealed record RunReading(
    TimeSpan Elapsed, long StepsBefore, long StepsDone, long Steps, double EpochsDone, int Epochs,
    IReadOnlyList<WorkerReading> Workers, IReadOnlyList<EpochPoint> Evaluations)
{
    /// <summary>What the model is measured by.</summary>
    public EvaluationMetric Metric { get; init; } = EvaluationMetric.Accuracy;

    /// <summary>The policies so far, in the order in which they came in force.</summary>
    public IReadOnlyList<PolicySpan> Policies { get; init; } = [];

    /// <summary>The share of the whole training that is done.</summary>
    public double Share => Steps == 0 ? 1 : (double)StepsDone / Steps;

    /// <summary>How long it will go on; null before the first step.</summary>
    public TimeSpan? TimeLeft =>
        StepsDone == StepsBefore ? null : Elapsed * ((double)(Steps - StepsDone) / (StepsDone - StepsBefore));
}
