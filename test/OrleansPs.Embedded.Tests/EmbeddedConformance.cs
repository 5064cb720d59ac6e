using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests;

public sealed class EmbeddedTransfers() : TransferConformance(new EmbeddedHost());

public sealed class EmbeddedInitializers() : InitializerConformance(new EmbeddedHost());

public sealed class EmbeddedOptimizers() : OptimizerConformance(new EmbeddedHost());

public sealed class EmbeddedBulkSynchronous() : BulkSynchronousConformance(new EmbeddedHost());

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

public sealed class EmbeddedLoads() : LoadConformance(new EmbeddedHost());

public sealed class EmbeddedPartialRestores() : PartialRestoreConformance(new EmbeddedHost());
