using OrleansPs.Training;
using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>What one worker has done so far. Its monitor's lock guards it.</summary>
internal sealed class WorkerTally(int rank, WorkerPosition position)
{
    // The weight of a step in the loss that is shown: about the last twenty count.
    private const double LossWeight = 0.05;

    private readonly WorkerPosition _position = position;
    private StepReport _last;
    private StepTime _time;
    private double _recentLoss = double.NaN;
    private long _steps;
    private long _examples;
    private long _maxStaleness;
    private long _sumStaleness;

    public void Add(in StepReport report)
    {
        _recentLoss = _steps == 0 ? report.Loss : _recentLoss + LossWeight * (report.Loss - _recentLoss);
        _last = report;
        _time = new(_time.Compute + report.Time.Compute, _time.Transfer + report.Time.Transfer, _time.Gate + report.Time.Gate);
        _steps++;
        _examples += report.Examples;
        _maxStaleness = Math.Max(_maxStaleness, report.Staleness);
        _sumStaleness += report.Staleness;
    }

    public WorkerReading Read() => new(
        rank, _steps == 0 ? _position.Clock : _last.Clock, _last.Staleness, _examples, _recentLoss, _time.Gate, _time.Total);

    public WorkerRecord ToRecord(int restarts) => new(
        rank, _steps, _examples, _time.Total.TotalSeconds, _time.Compute.TotalSeconds, _time.Gate.TotalSeconds,
        _maxStaleness, _steps == 0 ? 0 : (double)_sumStaleness / _steps, _steps == 0 ? double.NaN : _last.Loss, restarts);
}

/// <summary>A worker at one moment.</summary>
/// <param name="Rank">Its rank.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Staleness">How many clocks it was ahead of the slowest at its last one.</param>
/// <param name="Examples">How many examples it has seen in this run.</param>
/// <param name="Loss">Its loss over about the last twenty steps; NaN before the first.</param>
/// <param name="Waiting">How long it has waited for others.</param>
/// <param name="Busy">How long its steps have taken, waiting included.</param>
internal readonly record struct WorkerReading(
    int Rank, long Clock, long Staleness, long Examples, double Loss, TimeSpan Waiting, TimeSpan Busy);
