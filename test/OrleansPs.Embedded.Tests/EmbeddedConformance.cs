using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests;

public sealed class EmbeddedTransfers() : TransferConformance(new EmbeddedHost());

public sealed class EmbeddedInitializers() : InitializerConformance(new EmbeddedHost());

public sealed class EmbeddedOptimizers() : OptimizerConformance(new EmbeddedHost());

public sealed class EmbeddedBulkSynchronous() : BulkSynchronousConformance(new EmbeddedHost());

public sealed class EmbeddedBackupWorkers() : BackupWorkerConformance(new EmbeddedHost());

public sealed class EmbeddedPolicies() : PolicyConformance(new EmbeddedHost());

public sealed class EmbeddedCompression() : CompressionConformance(new EmbeddedHost());

public sealed class EmbeddedPullCompression() : PullCompressionConformance(new EmbeddedHost());

public sealed class EmbeddedDeterminism() : DeterminismConformance(new EmbeddedHost());

public sealed class EmbeddedStaleSynchronous() : StaleSynchronousConformance(new EmbeddedHost());

public sealed class EmbeddedAsynchronous() : AsynchronousConformance(new EmbeddedHost());

public sealed class EmbeddedMembership() : MembershipConformance(new EmbeddedHost());

public sealed class EmbeddedCancellation() : CancellationConformance(new EmbeddedHost());

public sealed class EmbeddedSnapshots() : SnapshotConformance(new EmbeddedHost());

public sealed class EmbeddedRestores() : RestoreConformance(new EmbeddedHost());

public sealed class EmbeddedReaders() : ReaderConformance(new EmbeddedHost());

public sealed class EmbeddedBadSpecs() : BadSpecConformance(new EmbeddedHost());

public sealed class EmbeddedBadCalls() : BadCallConformance(new EmbeddedHost());

public sealed class EmbeddedBadRestores() : BadRestoreConformance(new EmbeddedHost())
{
    [Fact]
    public async Task Without_a_place_for_snapshots_a_server_refuses_them_and_says_what_to_set()
    {
        var server = await StartAsync(keepsSnapshots: false);
        var spec = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await server.CreateModelAsync(spec, Limit);
        var before = await Untouched.RememberAsync(server, spec, Limit);

        var take = await Assert.ThrowsAsync<SnapshotStorageException>(() => server.TakeSnapshotAsync(spec.Name, Limit));
        var restore = await Assert.ThrowsAsync<SnapshotStorageException>(() => server.RestoreAsync(spec.Name, null, Limit));

        Assert.All([take, restore], e => Assert.False(e.IsTransient));
        Assert.Contains("SnapshotDirectory", take.Message, StringComparison.Ordinal);
        Assert.Empty(await server.ListSnapshotsAsync(spec.Name, Limit));
        await before.RequireAsync();
    }
}

public sealed class EmbeddedTables() : TableConformance(new EmbeddedHost());

public sealed class EmbeddedTableSnapshots() : TableSnapshotConformance(new EmbeddedHost());

public sealed class EmbeddedBadRows() : BadRowsConformance(new EmbeddedHost());

public sealed class EmbeddedLoads() : LoadConformance(new EmbeddedHost())
{
    [Fact]
    public async Task Without_a_place_for_snapshots_a_model_is_loaded_all_the_same()
    {
        var server = await StartAsync(keepsSnapshots: false);
        var spec = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await server.CreateModelAsync(spec, Limit);
        await using var worker = await server.JoinAsync(spec.Name, 0, null, Limit);
        await Ledgers.StepAsync(worker, Limit);

        var report = await server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, Tensors.Full(spec, 3)), null, Limit);
        await Assert.ThrowsAsync<StepRestartException>(() => Ledgers.StepAsync(worker, Limit));
        Assert.Equal(0, (await worker.ResumeAsync(Limit)).Step);
        await Ledgers.StepAsync(worker, Limit);

        Assert.True(report.IsComplete);
        Assert.Null(report.Snapshot);
        Tensors.AllAre(4, (await Tensors.PullAsync(worker, Limit)).AsMemory(0, 1024));
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => server.OpenSnapshotAsync(spec.Name, null, Limit));
        var restore = await Assert.ThrowsAsync<SnapshotStorageException>(() => server.RestorePartialAsync(spec.Name, null, Limit));
        Assert.Contains("SnapshotDirectory", restore.Message, StringComparison.Ordinal);
    }
}

public sealed class EmbeddedPartialRestores() : PartialRestoreConformance(new EmbeddedHost());

public sealed class EmbeddedTableWeights() : TableWeightConformance(new EmbeddedHost());
