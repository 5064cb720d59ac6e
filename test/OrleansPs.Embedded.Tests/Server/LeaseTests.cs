using Microsoft.Extensions.Time.Testing;
using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>Leases on a clock that the test moves.</summary>
public sealed class LeaseTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    /// <summary>A step of the clock that leaves no timer of the server behind.</summary>
    private static readonly TimeSpan Small = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_worker_that_computes_for_longer_than_its_lease_is_kept()
    {
        await using var server = await EmbeddedParameterServer.StartAsync(new() { TimeProvider = _time });
        var ledger = Ledgers.Spec("m", "BSP", workers: 1) with { Lease = Lease };
        await server.CreateModelAsync(ledger);
        await using var worker = await server.JoinAsync(ledger.Name, 0);

        Pass(Lease * 20);
        await Ledgers.StepAsync(worker, CancellationToken.None);

        var seen = Assert.Single((await server.GetStatusAsync(ledger.Name)).Workers);
        Assert.Equal((WorkerStatus.Live, 1, 1), (seen.Status, seen.Incarnation, seen.Step));
    }

    [Fact]
    public async Task A_worker_that_waits_at_the_gate_for_longer_than_its_lease_is_kept()
    {
        await using var server = await EmbeddedParameterServer.StartAsync(new() { TimeProvider = _time });
        var ledger = Ledgers.Spec("m", "BSP", workers: 2) with { Lease = Lease };
        await server.CreateModelAsync(ledger);
        await using var worker = await server.JoinAsync(ledger.Name, 0);

        var waiting = Ledgers.StepAsync(worker, CancellationToken.None);
        for (var passed = TimeSpan.Zero; passed < Lease * 3; passed += Small)
        {
            _time.Advance(Small);
            // A wait is answered now and then and asked again, which is not the clock's doing.
            while (!(await server.GetStatusAsync(ledger.Name)).Workers[0].Waiting) await Task.Yield();
        }
        Assert.False(waiting.IsCompleted);
        await using var late = await server.JoinAsync(ledger.Name, 1);
        await Ledgers.StepAsync(late, CancellationToken.None);
        await waiting;

        Assert.Equal(1, (await server.GetStatusAsync(ledger.Name)).Workers[0].Incarnation);
    }

    [Fact]
    public async Task A_worker_whose_step_was_aborted_is_evicted_unless_it_resumes()
    {
        await using var server = await EmbeddedParameterServer.StartAsync(new() { TimeProvider = _time });
        var ledger = Ledgers.Spec("m", "BSP", workers: 1) with { Lease = Lease, NonFinite = NonFinitePolicy.Accept };
        await server.CreateModelAsync(ledger);
        await using var worker = await server.JoinAsync(ledger.Name, 0);
        using var cancel = new CancellationTokenSource();
        using var gradient = new ObservedMemory(1024, 1, onRead: _ => cancel.Cancel());
        using var values = new ObservedMemory(1024, 1, onRead: _ => { });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker.PushAsync(
            new() { { "plus", gradient.Memory }, { "minus", values.Memory } }, cancel.Token).AsTask());

        Pass(Lease * 0.9);
        Assert.Equal(WorkerStatus.Live, (await server.GetStatusAsync(ledger.Name)).Workers[0].Status);
        Pass(Lease * 0.3);

        Assert.Equal(WorkerStatus.Evicted, (await server.GetStatusAsync(ledger.Name)).Workers[0].Status);
    }

    private void Pass(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Small) _time.Advance(Small);
    }
}
