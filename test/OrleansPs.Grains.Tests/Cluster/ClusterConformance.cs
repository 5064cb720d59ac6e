using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

public sealed class ClusterTransfers() : TransferConformance(new ClusterHost());

public sealed class ClusterInitializers() : InitializerConformance(new ClusterHost());

public sealed class ClusterOptimizers() : OptimizerConformance(new ClusterHost());

public sealed class ClusterBulkSynchronous() : BulkSynchronousConformance(new ClusterHost());

public sealed class ClusterBackupWorkers() : BackupWorkerConformance(new ClusterHost());

public sealed class ClusterPolicies() : PolicyConformance(new ClusterHost());

public sealed class ClusterCompression() : CompressionConformance(new ClusterHost());

public sealed class ClusterPullCompression() : PullCompressionConformance(new ClusterHost());

public sealed class ClusterDeterminism() : DeterminismConformance(new ClusterHost());

public sealed class ClusterStaleSynchronous() : StaleSynchronousConformance(new ClusterHost());

public sealed class ClusterAsynchronous() : AsynchronousConformance(new ClusterHost());

public sealed class ClusterMembership() : MembershipConformance(new ClusterHost());

public sealed class ClusterCancellation() : CancellationConformance(new ClusterHost());

public sealed class ClusterSnapshots() : SnapshotConformance(new ClusterHost());

public sealed class ClusterRestores() : RestoreConformance(new ClusterHost());

public sealed class ClusterLoads() : LoadConformance(new ClusterHost());

public sealed class ClusterPartialRestores() : PartialRestoreConformance(new ClusterHost());

public sealed class ClusterTableWeights() : TableWeightConformance(new ClusterHost());

public sealed class ClusterReaders() : ReaderConformance(new ClusterHost());

public sealed class ClusterBadSpecs() : BadSpecConformance(new ClusterHost());

public sealed class ClusterBadCalls() : BadCallConformance(new ClusterHost());

public sealed class ClusterBadRestores() : BadRestoreConformance(new ClusterHost());

public sealed class ClusterTables() : TableConformance(new ClusterHost());

public sealed class ClusterTableSnapshots() : TableSnapshotConformance(new ClusterHost());

public sealed class ClusterBadRows() : BadRowsConformance(new ClusterHost());
