using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train.Tests;

/// <summary>What is gathered from the workers' reports, and when evaluations fall due.</summary>
public sealed class MonitorTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_record_tells_what_each_worker_did()
    {
        var monitor = new RunMonitor([default, default], 8, new(1, 8, 1), _time);
        Step(monitor, 0, staleness: 0, loss: 2);
        Step(monitor, 1, staleness: 1, loss: 3);
        Step(monitor, 1, staleness: 2, loss: 1);
        monitor.End();
        _time.Advance(TimeSpan.FromHours(1));
        var record = monitor.Complete(Empty, [0, 5]);

        Assert.Equal(3, record.Seconds);
        Assert.Equal([new(0, 1), new(1, 1), new(2, 1)], record.Staleness);
        Assert.Equal([new(1, 10, 2), new(2, 20, 3), new(3, 30, 1)], record.Losses);
        Assert.Equal(new WorkerRecord(0, 1, 10, 1, 0.5, 0.3, 0, 0, 2), record.Workers[0]);
        Assert.Equal(new WorkerRecord(1, 2, 20, 2, 1, 0.6, 2, 1.5, 1, 5), record.Workers[1]);
        Assert.Equal((2, 1.0), (record.MaxStaleness(), record.MeanStaleness()));
    }

    [Fact]
    public async Task Evaluations_fall_due_at_even_parts_of_epochs_with_the_loss_since_the_last()
    {
        var monitor = new RunMonitor([default], 10, new(2, 5, 2), _time);
        for (var i = 0; i < 10; i++) Step(monitor, 0, 0, loss: i);
        monitor.End();

        var due = new List<EvaluationDue>();
        await foreach (var one in monitor.Due.ReadAllAsync()) due.Add(one);
        Assert.Equal([new(0.6, 3, 1), new(1, 5, 3.5), new(1.6, 8, 6), new(2, 10, 8.5)], due);
    }

    [Fact]
    public void Each_policy_is_told_with_its_beginning_and_its_highest_staleness()
    {
        var monitor = new RunMonitor([default, default], 8, new(1, 8, 1), _time);
        var first = new TrainingPolicy(4, ConsistencyPolicy.StaleSynchronous(2), 0, 1);
        var second = new TrainingPolicy(5, ConsistencyPolicy.Asynchronous, 0, 0.5);
        Step(monitor, 0, staleness: 1, loss: 1, first);
        Step(monitor, 1, staleness: 2, loss: 1, first);
        Step(monitor, 0, staleness: 0, loss: 1, second);
        Step(monitor, 1, staleness: 7, loss: 1, second);
        Step(monitor, 1, staleness: 1, loss: 1, second);

        PolicySpan[] expected = [new("SSP(2)", 2, 0, 0, 2, 2), new("ASP, lr x 0.5", null, 3 / 8.0, 3, 3, 7)];
        Assert.Equal(expected, monitor.Read().Policies);
        Assert.Equal(expected, monitor.Complete(Empty, [0, 0]).Policies);
    }

    [Fact]
    public async Task Who_waits_for_an_epoch_learns_of_it_or_of_the_end()
    {
        var monitor = new RunMonitor([default], 4, new(1, 4, 1), _time);
        var (half, more, never) = (monitor.ReachAsync(0.5), monitor.ReachAsync(0.6), monitor.ReachAsync(0.9));
        Step(monitor, 0, 0, 1);
        Assert.False(half.IsCompleted);
        Step(monitor, 0, 0, 1);
        Assert.True(await half && await monitor.ReachAsync(0.1));
        Assert.False(more.IsCompleted);
        Step(monitor, 0, 0, 1);
        Assert.True(await more);
        monitor.End();
        Assert.False(await never || await monitor.ReachAsync(1));
    }

    [Fact]
    public void A_resumed_run_counts_what_was_done_before_but_does_not_take_it_for_speed()
    {
        var monitor = new RunMonitor([new(6, 6, 6), new(6, 6, 6)], 8, new(2, 10, 1), _time);
        Assert.Equal((12, 0.6), (monitor.Read().StepsDone, monitor.Read().Share));
        Assert.Null(monitor.Read().TimeLeft);
        Assert.Equal(6, monitor.Read().Workers[1].Clock);

        Step(monitor, 0, 0, 1);
        Step(monitor, 1, 0, 1);
        Assert.Equal(TimeSpan.FromSeconds(6), monitor.Read().TimeLeft);
    }

    [Property]
    public void An_epoch_is_evaluated_as_often_as_it_should(byte epochs, byte stepsPerEpoch, byte evaluations)
    {
        var extent = new RunExtent(1 + epochs % 4, 1 + stepsPerEpoch, 1 + evaluations % 8);
        var due = Enumerable.Range(1, (int)extent.Steps).Where(s => extent.IsEvaluationDue(s)).ToArray();

        Assert.Equal(extent.Epochs * Math.Min(extent.EvaluationsPerEpoch, extent.StepsPerEpoch), due.Length);
        Assert.All(Enumerable.Range(1, extent.Epochs), epoch => Assert.Contains((int)(epoch * extent.StepsPerEpoch), due));
    }

    [Property]
    public void A_thinned_list_keeps_its_bound_and_its_items_evenly(ushort items, byte bound)
    {
        var list = new ThinnedList<int>(2 + bound % 50);
        for (var i = 0; i < items; i++) list.Add(i);

        var kept = list.ToArray();
        Assert.True(kept.Length <= 2 + bound % 50 && kept.Length >= Math.Min(items, (2 + bound % 50) / 2));
        var stride = kept.Length > 1 ? kept[1] : 1;
        Assert.Equal(Enumerable.Range(0, kept.Length).Select(i => i * stride), kept);
        Assert.True(items == 0 || items - 1 - kept[^1] < stride);
    }

    [Fact]
    public void The_target_is_reached_at_the_first_evaluation_that_has_it()
    {
        var record = Empty with { Epochs = [new(0.5, 1, 1, 0.7), new(1, 2, 1, 0.85), new(1.5, 3, 1, 0.84), new(2, 4, 1, 0.9)] };
        Assert.Equal(2, CompareCommand.WithTarget(record, 0.84).SecondsToTarget);
        Assert.Null(CompareCommand.WithTarget(record, 0.91).SecondsToTarget);
    }

    private static RunRecord Empty => new()
    {
        Title = "", Model = "", Dataset = "", When = default, Machine = "", Consistency = "SSP(2)", StalenessBound = 2,
    };

    private void Step(RunMonitor monitor, int rank, long staleness, double loss, TrainingPolicy? policy = null)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        monitor.OnStep(new(rank, 0, 0, 0, 0, staleness, loss, 10, new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(0.3))) { Policy = policy });
    }
}
