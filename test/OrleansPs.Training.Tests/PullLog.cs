namespace OrleansPs.Training.Tests;

/// <summary>What workers pulled and pushed, in the order in which it happened, and how stale they were. Thread safe.</summary>
internal sealed class PullLog
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _pulls = [];
    private readonly List<Entry> _pushes = [];
    private readonly List<StepReport> _reports = [];

    /// <summary>A pull begins.</summary>
    public void AddPull(IParameterWorker worker) => Add(_pulls, worker);

    /// <summary>A push is acknowledged.</summary>
    public void AddPush(IParameterWorker worker) => Add(_pushes, worker);

    /// <summary>A step has ended.</summary>
    /// <returns>How many have, with this one.</returns>
    public int Add(StepReport report)
    {
        lock (_lock)
        {
            _reports.Add(report);
            return _reports.Count;
        }
    }

    /// <summary>Checks that the policies followed each other, that each let workers drift apart as far as it says, and that every pull came after all pushes that it must see.</summary>
    public void Check(IReadOnlyList<ConsistencyPolicy> modes, long steps)
    {
        Assert.Equal(steps, _reports.Count);
        foreach (var report in _reports)
            Assert.True(report.Staleness <= report.Policy!.Consistency.Staleness, $"A worker is {report.Staleness} clocks ahead under {report.Policy}.");
        var policies = _pulls.Select(pull => pull.Policy).Distinct().OrderBy(policy => policy.Number);
        Assert.Equal(modes.Select((mode, number) => ((long)number, mode)), policies.Select(policy => (policy.Number, policy.Consistency)));
        foreach (var pull in _pulls) Check(pull);
    }

    // Of pushes under other policies, all of earlier ones and none of later ones come first.
    private void Check(Entry pull)
    {
        var (number, staleness) = (pull.Policy.Number, pull.Policy.Consistency.Staleness);
        foreach (var push in _pushes)
        {
            var must = push.Policy.Number < number || (push.Policy.Number == number && push.Clock < pull.Clock - staleness);
            if (must && push.Order > pull.Order)
                Assert.Fail($"{pull.Policy}: a pull of rank {pull.Rank} at clock {pull.Clock} began before the push of rank {push.Rank} at clock {push.Clock} under {push.Policy}.");
            if (push.Policy.Number > number && push.Order < pull.Order)
                Assert.Fail($"{pull.Policy}: a pull of rank {pull.Rank} began after a push under {push.Policy}.");
        }
    }

    private void Add(List<Entry> entries, IParameterWorker worker)
    {
        lock (_lock) entries.Add(new(_pulls.Count + _pushes.Count, worker.Rank, worker.Policy, worker.Position.Clock));
    }

    private sealed record Entry(int Order, int Rank, TrainingPolicy Policy, long Clock);
}
