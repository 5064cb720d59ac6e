using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

public sealed class InsideCompression() : CompressionConformance(new ClusterHost(isInside: true));

public sealed class InsidePullCompression() : PullCompressionConformance(new ClusterHost(isInside: true));

public sealed class InsideTransfers() : TransferConformance(new ClusterHost(isInside: true));

public sealed class InsideOptimizers() : OptimizerConformance(new ClusterHost(isInside: true));

public sealed class InsideBulkSynchronous() : BulkSynchronousConformance(new ClusterHost(isInside: true));

public sealed class InsideBackupWorkers() : BackupWorkerConformance(new ClusterHost(isInside: true));

public sealed class InsidePolicies() : PolicyConformance(new ClusterHost(isInside: true));

public sealed class InsideDeterminism() : DeterminismConformance(new ClusterHost(isInside: true));

public sealed class InsideStaleSynchronous() : StaleSynchronousConformance(new ClusterHost(isInside: true));

public sealed class InsideAsynchronous() : AsynchronousConformance(new ClusterHost(isInside: true));

public sealed class InsideMembership() : MembershipConformance(new ClusterHost(isInside: true));

public sealed class InsideCancellation() : CancellationConformance(new ClusterHost(isInside: true));

public sealed class InsideSnapshots() : SnapshotConformance(new ClusterHost(isInside: true));

public sealed class InsideRestores() : RestoreConformance(new ClusterHost(isInside: true));

public sealed class InsideLoads() : LoadConformance(new ClusterHost(isInside: true));

public sealed class InsideTableWeights() : TableWeightConformance(new ClusterHost(isInside: true));

public sealed class InsideReaders() : ReaderConformance(new ClusterHost(isInside: true));

public sealed class InsideBadCalls() : BadCallConformance(new ClusterHost(isInside: true));

public sealed class InsideTables() : TableConformance(new ClusterHost(isInside: true));

public sealed class InsideTableSnapshots() : TableSnapshotConformance(new ClusterHost(isInside: true));

public sealed class InsideBadRows() : BadRowsConformance(new ClusterHost(isInside: true));

public sealed class InsideReplicatedTransfers() : TransferConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedBulkSynchronous() : BulkSynchronousConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedPolicies() : PolicyConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedAsynchronous() : AsynchronousConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedCancellation() : CancellationConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedSnapshots() : SnapshotConformance(new ClusterHost(isReplicated: true, isInside: true));

public sealed class InsideReplicatedTables() : TableConformance(new ClusterHost(isReplicated: true, isInside: true));
