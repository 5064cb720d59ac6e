using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>Shows a run as lines: one for each epoch, and one about every five seconds. For logs and pipes.</summary>
internal sealed class PlainDisplay(TextWriter output, TimeProvider time) : IRunDisplay
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_status = TimeSpan.FromSeconds(5);
    private readonly SpeedGauge _gauge = new(TimeSpan.Zero);
    private TimeSpan? _shown;
    private int _policies = 1;
    private int _evaluations;
    private int _epoch;

    public async Task ShowAsync(RunMonitor monitor, Task run)
    {
        Show(monitor.Read());
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, Task.Delay(s_poll, time)).ConfigureAwait(false);
            Show(monitor.Read());
        }
    }

    /// <summary>Writes what is new in a reading.</summary>
    public void Show(RunReading reading)
    {
        foreach (var policy in reading.Policies.Skip(_policies)) output.WriteLine(Texts.InForce(policy));
        _policies = Math.Max(_policies, reading.Policies.Count);
        foreach (var point in reading.Evaluations.Skip(_evaluations)) ShowEpoch(point, reading);
        _evaluations = reading.Evaluations.Count;
        if (_shown is { } last && reading.Elapsed - last < s_status) return;
        _shown = reading.Elapsed;
        ShowStatus(reading);
    }

    // Of evaluations within an epoch, the report tells.
    private void ShowEpoch(EpochPoint point, RunReading reading)
    {
        if ((int)point.Epoch == _epoch) return;
        _epoch = (int)point.Epoch;
        output.WriteLine(Texts.Of(
            $"epoch {_epoch}/{reading.Epochs} done: {reading.Metric.Name} {Format.Score(reading.Metric, point.TestScore)}, loss {Texts.Loss(point.TrainLoss)}, at {Texts.Seconds(point.Seconds)}"));
    }

    private void ShowStatus(RunReading reading)
    {
        var speeds = _gauge.Measure(reading);
        if (reading.StepsDone == reading.StepsBefore) return;
        var staleness = reading.Workers.Max(w => w.Staleness);
        output.WriteLine(Texts.Of(
            $"{Texts.Percent(reading.Share)}: {Texts.Count(speeds.Sum(s => s.ExamplesPerSecond))} examples/s, loss {Texts.Loss(reading.Workers.Average(w => w.Loss))}, staleness {staleness}, waiting {Texts.Percent(speeds.Average(s => s.WaitingShare))}, {Texts.Duration(reading.TimeLeft)} left"));
    }
}
