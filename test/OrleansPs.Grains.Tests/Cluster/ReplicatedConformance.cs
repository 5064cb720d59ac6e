using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

public sealed class ReplicatedTransfers() : TransferConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedBulkSynchronous() : BulkSynchronousConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedBackupWorkers() : BackupWorkerConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedPolicies() : PolicyConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedCompression() : CompressionConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedPullCompression() : PullCompressionConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedDeterminism() : DeterminismConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedStaleSynchronous() : StaleSynchronousConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedAsynchronous() : AsynchronousConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedMembership() : MembershipConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedCancellation() : CancellationConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedSnapshots() : SnapshotConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedRestores() : RestoreConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedLoads() : LoadConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedPartialRestores() : PartialRestoreConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedTableWeights() : TableWeightConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedReaders() : ReaderConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedTables() : TableConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedTableSnapshots() : TableSnapshotConformance(new ClusterHost(isReplicated: true));

public sealed class ReplicatedBadRows() : BadRowsConformance(new ClusterHost(isReplicated: true));
