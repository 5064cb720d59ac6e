namespace OrleansPs.Hosting.Tests;

/// <summary>Blocks that do not do what the coordinator asks of them do not stop training.</summary>
public sealed class FailingBlocksTests : IDisposable
{
    private readonly ModelRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_freeze_that_fails_ends_its_snapshot_and_holds_up_no_round()
    {
        await using var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 1);
        Fail(host, "freeze", times: 1);
        var failed = await Assert.ThrowsAsync<SnapshotAbortedException>(() => host.TakeSnapshotAsync(default));
        Assert.Equal("freeze fails", failed.Reason);
        Assert.Equal("freeze fails", host.GetStatus().SnapshotError);
        await ModelRig.TrainAsync(host, 2);
        var snapshot = await host.TakeSnapshotAsync(default);
        Assert.Equal((failed.Cut + 1, 3), (snapshot.Cut, snapshot.Round));
        Assert.Null(host.GetStatus().SnapshotError);
    }

    [Fact]
    public async Task A_block_that_refuses_to_freeze_ends_its_snapshot_too()
    {
        await using var host = await _rig.CreateAsync();
        // It has seen a later cut already, as after a command of another coordinator.
        await ModelRig.Blocks(host).DropCutAsync(host.Runtime.Header(), 1);
        var failed = await Assert.ThrowsAsync<SnapshotAbortedException>(() => host.TakeSnapshotAsync(default));
        Assert.Equal("a block answered CutClosed", failed.Reason);
        await ModelRig.TrainAsync(host, 1);
        Assert.Equal(2, (await host.TakeSnapshotAsync(default)).Cut);
    }

    [Fact]
    public async Task Certificates_that_did_not_reach_all_blocks_are_given_again()
    {
        await using var host = await _rig.CreateAsync();
        // Often enough that the bound on certificates is reached: then no round closes until the blocks have some.
        Fail(host, "certify", times: 5);
        await ModelRig.TrainAsync(host, 100).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(100, ModelRig.Value(host));
        Assert.True(ModelRig.Blocks(host).Asked["certify"] > 5);
        Assert.True(host.Runtime.Coordinator.Read(c => c.State.Certificates.Count) < 64);
    }

    [Fact]
    public async Task A_cut_that_could_not_be_dropped_is_dropped_with_the_next_one()
    {
        await using var host = await _rig.CreateAsync();
        Fail(host, "drop", times: int.MaxValue);
        for (var i = 1; i <= 3; i++)
        {
            await ModelRig.TrainAsync(host, 1);
            Assert.Equal(i, (await host.TakeSnapshotAsync(default)).Round);
        }
    }

    [Fact]
    public async Task A_cut_that_is_open_when_the_host_ends_is_given_up_without_a_warning()
    {
        var host = await _rig.CreateAsync();
        var (asked, never) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
        ModelRig.Blocks(host).OnAsked = what =>
        {
            if (what != "write") return Task.CompletedTask;
            asked.TrySetResult();
            return never.Task;
        };
        var snapshot = host.TakeSnapshotAsync(default);
        await asked.Task;
        await host.DisposeAsync();
        await Assert.ThrowsAnyAsync<ParameterServerException>(() => snapshot);
        Assert.Empty(_rig.Log.Warnings);
    }

    private static void Fail(ModelHost host, string what, int times)
    {
        var left = times;
        ModelRig.Blocks(host).OnAsked = asked => asked == what && Interlocked.Decrement(ref left) >= 0
            ? Task.FromException(new InvalidOperationException($"{what} fails")) : Task.CompletedTask;
    }
}
