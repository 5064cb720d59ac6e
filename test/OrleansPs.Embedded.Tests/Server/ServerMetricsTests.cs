using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>What the meter OrleansPs.Server shows.</summary>
public sealed class ServerMetricsTests() : HostTests(new EmbeddedHost())
{
    [Fact]
    public async Task Snapshots_and_restores_are_counted()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        using var snapshots = new ModelCounter("orleansps.server.snapshots", ledger.Name);
        using var bytes = new ModelCounter("orleansps.server.snapshot_bytes", ledger.Name);
        using var restores = new ModelCounter("orleansps.server.restores", ledger.Name);
        using var failures = new ModelCounter("orleansps.server.failed_snapshots", ledger.Name);
        await CreateAsync(ledger);

        var first = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        var second = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Server.RestoreAsync(ledger.Name, null, Limit);

        Assert.Equal((2, 1, 0), (snapshots.Total, restores.Total, failures.Total));
        Assert.Equal(first.Bytes + second.Bytes, bytes.Total);
    }

    [Fact]
    public async Task Gauges_show_the_round_and_who_is_there_and_who_waits()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 3);
        using var clock = new ModelCounter("orleansps.server.clock", ledger.Name);
        using var present = new ModelCounter("orleansps.server.workers", ledger.Name);
        using var waiting = new ModelCounter("orleansps.server.waiting", ledger.Name);
        var workers = await BeginAsync(ledger);
        await Crowd.ClockAsync(workers, Limit);
        await Crowd.ClockAsync(workers, Limit);
        await workers[2].LeaveAsync(Limit);

        var gate = workers[0].ClockAsync(3, Limit).AsTask();
        await UntilWaiting(ledger.Name, 0);
        Assert.Equal((2, 2, 1), (clock.Observe(), present.Observe(), waiting.Observe()));
        await workers[1].ClockAsync(3, Limit);
        await gate;

        Assert.Equal((3, 2, 0), (clock.Observe(), present.Observe(), waiting.Observe()));
    }

    [Fact]
    public async Task A_deleted_model_is_shown_no_more()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 2);
        using var present = new ModelCounter("orleansps.server.workers", ledger.Name);
        await BeginAsync(ledger);
        Assert.Equal(2, present.Observe());

        await Server.DeleteModelAsync(ledger.Name, Limit);

        Assert.Equal(0, present.Observe());
    }
}
