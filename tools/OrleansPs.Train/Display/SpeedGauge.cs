namespace OrleansPs.Train;

/// <summary>Turns readings into speeds over the last seconds.</summary>
internal sealed class SpeedGauge(TimeSpan span)
{
    private readonly Queue<RunReading> _readings = new();

    /// <summary>Takes the newest reading and says how fast each worker was since the oldest one within the span.</summary>
    public IReadOnlyList<WorkerSpeed> Measure(RunReading newest)
    {
        _readings.Enqueue(newest);
        while (_readings.Count > 2 && newest.Elapsed - _readings.Peek().Elapsed > span) _readings.Dequeue();
        var oldest = _readings.Peek();
        var seconds = (newest.Elapsed - oldest.Elapsed).TotalSeconds;
        return [.. newest.Workers.Zip(oldest.Workers, (now, then) => SpeedOf(now, then, seconds))];
    }

    private static WorkerSpeed SpeedOf(WorkerReading now, WorkerReading then, double seconds)
    {
        var busy = now.Busy - then.Busy;
        return new(
            seconds > 0 ? (now.Examples - then.Examples) / seconds : 0,
            busy > TimeSpan.Zero ? (now.Waiting - then.Waiting) / busy : 0);
    }
}

/// <summary>How fast a worker is.</summary>
/// <param name="ExamplesPerSecond">Examples that its steps use up.</param>
/// <param name="WaitingShare">The share of its time that it waits for others, 0 to 1.</param>
internal readonly record struct WorkerSpeed(double ExamplesPerSecond, double WaitingShare);
