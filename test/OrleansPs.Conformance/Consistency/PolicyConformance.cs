using System.Collections.Concurrent;

namespace OrleansPs.Conformance;

/// <summary>A policy changes at one point of the training: each step is of one policy, and no push is lost or counted twice across it.</summary>
public abstract class PolicyConformance(ConformanceHost host) : HostTests(host)
{
    private const int Workers = 3;
    private const int MarkedAtATime = 100;
    private const int Marked = 7 * MarkedAtATime;
    private static readonly ConsistencyPolicy[] Modes =
    [
        ConsistencyPolicy.StaleSynchronous(2), ConsistencyPolicy.Asynchronous, ConsistencyPolicy.BulkSynchronous, ConsistencyPolicy.Asynchronous,
        ConsistencyPolicy.StaleSynchronous(0), ConsistencyPolicy.BulkSynchronous,
    ];

    [Theory]
    [InlineData(PullCache.Off)]
    [InlineData(PullCache.WithinBound)]
    public async Task Each_pull_is_as_the_policy_in_force_has_it(PullCache cache)
    {
        var spec = Spec(new DenseParameter("marks", [Workers, Marked])) with { Workers = Workers };
        var workers = await JoinAllAsync(await CreateAsync(spec), Workers, new() { Cache = cache });
        using var stop = new CancellationTokenSource();
        var pulls = new ConcurrentBag<SeenPull>();
        var steps = new ConcurrentDictionary<(int Rank, long Step), (long Policy, long Clock)>();

        var running = Crowd.RunAsync(workers, (worker, end) => TrainAsync(worker, pulls, steps, stop.Token, end), Limit);
        for (var change = 0; change < Modes.Length; change++)
        {
            await HaveGoneOnAsync(workers, 4);
            var policy = await Server.ChangePolicyAsync(spec.Name, new() { Consistency = Modes[change] }, Limit);
            Assert.Equal(new TrainingPolicy(change + 1, Modes[change], 0, 1), policy);
        }
        await HaveGoneOnAsync(workers, 4);
        await stop.CancelAsync();
        await running;

        foreach (var pull in pulls) Check(pull, steps);
        Assert.Equal(Modes.Length + 1, pulls.Select(p => p.Policy.Number).Distinct().Count());
        var sums = await ReadAsync(spec);
        for (var rank = 0; rank < Workers; rank++)
            for (var step = 0; step < Marked; step++)
                Assert.Equal(steps.ContainsKey((rank, step)) ? 1 : 0, sums[(rank * Marked) + step]);
    }

    [Fact]
    public async Task The_learning_rate_changes_at_one_point_for_all_blocks()
    {
        var spec = Spec(new DenseParameter("a", [700]), new DenseParameter("b", [2500])) with { Optimizer = Optimizer.Sgd(lr: 1) };
        var worker = (await BeginAsync(spec))[0];
        await worker.PushAsync(Tensors.Full(spec, 8), Limit);

        var changing = Server.ChangePolicyAsync(spec.Name, new() { LrScale = 0.25 }, Limit);
        await Until(async () => (await StatusAsync(spec.Name)).NextPolicy is not null);
        await worker.ClockAsync(1, Limit);
        Assert.Equal(0.25, (await changing).LrScale);
        Tensors.AllAre(-8, await Tensors.PullAsync(worker, Limit));
        await worker.PushAsync(Tensors.Full(spec, 8), Limit);
        await worker.ClockAsync(2, Limit);

        Tensors.AllAre(-10, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task Backup_workers_come_and_go()
    {
        var workers = await BeginAsync(Spec(new DenseParameter("a", [700])) with { Workers = 2 });
        var model = workers[0].Model;

        var changing = Server.ChangePolicyAsync(model, new() { BackupWorkers = 1 }, Limit);
        await Until(async () => (await StatusAsync(model)).NextPolicy is not null);
        await Crowd.ClockAsync(workers, Limit);
        Assert.Equal(1, (await changing).BackupWorkers);
        await workers[0].ClockAsync(2, Limit);

        Assert.Equal(2, (await StatusAsync(model)).Round);
        Assert.Equal(1, (await WorkerAsync(model, 1)).RoundsMissed);
    }

    [Fact]
    public async Task A_snapshot_brings_its_policy_back()
    {
        var spec = Spec(new DenseParameter("a", [700])) with { Workers = 2 };
        var name = await CreateAsync(spec);
        await Server.ChangePolicyAsync(name, new() { Consistency = ConsistencyPolicy.Asynchronous, LrScale = 0.5 }, Limit);
        var snapshot = await Server.TakeSnapshotAsync(name, Limit);
        await Server.ChangePolicyAsync(name, new() { Consistency = ConsistencyPolicy.BulkSynchronous, LrScale = 1 }, Limit);

        await Server.RestoreAsync(name, new() { Cut = snapshot.Cut }, Limit);
        var worker = await JoinAsync(name, 0);
        await worker.PushAsync(Tensors.Full(spec, 4), Limit);

        // ASP: it is there before anybody has ended a step.
        Tensors.AllAre(4, await ReadAsync(spec));
        var policy = (await StatusAsync(name)).Policy;
        Assert.Equal((ConsistencyPolicy.Asynchronous, 0.5), (policy.Consistency, policy.LrScale));
        Assert.Equal(policy, worker.Policy);
    }

    [Fact]
    public async Task A_push_of_a_step_that_nobody_ended_is_not_counted_twice_when_rounds_begin()
    {
        var spec = Spec(new DenseParameter("a", [700]), new DenseParameter("b", [2500])) with { Consistency = ConsistencyPolicy.Asynchronous, Workers = 2 };
        var workers = await BeginAsync(spec);
        await workers[1].PushAsync(Tensors.Full((spec.Parameters[0], 1)), Limit);
        await Server.EvictAsync(spec.Name, 1, Limit);
        await workers[0].ResumeAsync(Limit);

        var changing = Server.ChangePolicyAsync(spec.Name, new() { Consistency = ConsistencyPolicy.BulkSynchronous }, Limit);
        await Until(async () => (await StatusAsync(spec.Name)).NextPolicy is not null);
        await workers[0].ResumeAsync(Limit);
        await changing;
        await workers[1].ResumeAsync(Limit);
        foreach (var worker in workers) await worker.PushAsync(Tensors.Full(spec, 1), Limit);
        await Crowd.ClockAsync(workers, Limit);

        Tensors.AllAre(2, await ReadAsync(spec));
    }

    [Fact]
    public async Task What_a_model_can_not_do_is_refused_and_changes_nothing()
    {
        var spec = Spec(new DenseParameter("a", [700])) with { Consistency = ConsistencyPolicy.Asynchronous, Workers = 2, StagingBytes = 100 };
        var name = await CreateAsync(spec);

        var bytes = await Assert.ThrowsAsync<InvalidSpecException>(() => Change(new() { Consistency = ConsistencyPolicy.BulkSynchronous }));
        Assert.Equal("StagingBytes", bytes.Parameter);
        var backups = await Assert.ThrowsAsync<InvalidSpecException>(() => Change(new() { BackupWorkers = 2 }));
        Assert.Equal("BackupWorkers", backups.Parameter);
        foreach (var scale in new[] { -1, double.NaN, double.PositiveInfinity })
            Assert.Equal("LrScale", (await Assert.ThrowsAsync<InvalidOptionsException>(() => Change(new() { LrScale = scale }))).Parameter);
        await Assert.ThrowsAsync<UnknownModelException>(() => Server.ChangePolicyAsync(NewName(), new(), Limit));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Change(null!));

        Assert.Equal(TrainingPolicy.Of(spec), await Change(new()));
        Assert.Equal(TrainingPolicy.Of(spec), (await StatusAsync(name)).Policy);

        Task<TrainingPolicy> Change(PolicyChange change) => Server.ChangePolicyAsync(name, change, Limit);
    }

    private static async Task TrainAsync(
        IParameterWorker worker, ConcurrentBag<SeenPull> pulls, ConcurrentDictionary<(int, long), (long, long)> steps,
        CancellationToken stop, CancellationToken end)
    {
        var seen = TensorSet.For(worker.Spec);
        for (var (mark, policy, left) = (0, -1L, 0); !stop.IsCancellationRequested;)
        {
            var (step, clock) = (worker.Position.Step, worker.Position.Clock);
            // However long a policy lasts, there are marks left for the next one.
            if (policy != worker.Policy.Number) (policy, left) = (worker.Policy.Number, MarkedAtATime);
            if (left-- > 0)
            {
                await worker.PullAsync(seen, end);
                pulls.Add(new(worker.Policy, worker.Rank, clock, [.. Tensors.Flat(seen)]));
                var gradient = TensorSet.For(worker.Spec);
                gradient["marks"].Span[(worker.Rank * Marked) + mark] = 1;
                steps[(worker.Rank, mark++)] = (worker.Policy.Number, clock);
                await worker.PushAsync(gradient, end);
            }
            for (var i = 0; i < worker.Rank; i++) await Task.Yield();
            await worker.ClockAsync(step + 1, end);
        }
        await worker.OutOfDataAsync(end);
    }

    private static void Check(SeenPull pull, ConcurrentDictionary<(int Rank, long Step), (long Policy, long Clock)> steps)
    {
        var mode = pull.Policy.Consistency;
        foreach (var ((rank, step), (policy, clock)) in steps)
        {
            var value = pull.Values[(rank * Marked) + (int)step];
            Assert.True(value is 0 or 1, $"A push is counted {value} times.");
            var must = policy < pull.Policy.Number || (policy == pull.Policy.Number && clock < pull.Clock - mode.Staleness);
            if (must) Assert.True(value == 1, $"{mode}: a pull at clock {pull.Clock} lacks the step of clock {clock} under policy {policy}.");
            var mayNot = policy > pull.Policy.Number || (mode == ConsistencyPolicy.BulkSynchronous && !must);
            if (mayNot) Assert.True(value == 0, $"{mode}: a pull at clock {pull.Clock} has the step of clock {clock} under policy {policy}.");
        }
    }

    private async Task HaveGoneOnAsync(IParameterWorker[] workers, int steps)
    {
        var from = workers.Select(w => w.Position.Step).ToArray();
        await Until(() => Task.FromResult(workers.All(w => w.Position.Step >= from[w.Rank] + steps)));
    }

    private sealed record SeenPull(TrainingPolicy Policy, int Rank, long Clock, float[] Values);
}
