using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>Since when a policy was in force, and how stale workers were under it. Its monitor's lock guards it.</summary>
internal sealed class PolicyTally(TrainingPolicy policy, double epoch, double seconds)
{
    private long _clocks;
    private long _maxStaleness;

    public long Number => policy.Number;

    public void Add(in StepReport report)
    {
        _clocks++;
        _maxStaleness = Math.Max(_maxStaleness, report.Staleness);
    }

    public PolicySpan Read() => new(policy.ToString(), BoundOf(policy.Consistency), epoch, seconds, _clocks, _maxStaleness);

    private static int? BoundOf(ConsistencyPolicy consistency) => consistency == ConsistencyPolicy.Asynchronous ? null : consistency.Staleness;
}
