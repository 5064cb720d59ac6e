using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cluster;

public sealed class ProcessTransfers() : TransferConformance(new ProcessHost());

public sealed class ProcessInitializers() : InitializerConformance(new ProcessHost());

public sealed class ProcessOptimizers() : OptimizerConformance(new ProcessHost());

public sealed class ProcessBulkSynchronous() : BulkSynchronousConformance(new ProcessHost());

public sealed class ProcessBackupWorkers() : BackupWorkerConformance(new ProcessHost());

public sealed class ProcessPolicies() : PolicyConformance(new ProcessHost());

public sealed class ProcessCompression() : CompressionConformance(new ProcessHost());

public sealed class ProcessPullCompression() : PullCompressionConformance(new ProcessHost());

public sealed class ProcessDeterminism() : DeterminismConformance(new ProcessHost());

public sealed class ProcessStaleSynchronous() : StaleSynchronousConformance(new ProcessHost());

public sealed class ProcessAsynchronous() : AsynchronousConformance(new ProcessHost());

public sealed class ProcessMembership() : MembershipConformance(new ProcessHost());

public sealed class ProcessCancellation() : CancellationConformance(new ProcessHost());

public sealed class ProcessSnapshots() : SnapshotConformance(new ProcessHost());

public sealed class ProcessRestores() : RestoreConformance(new ProcessHost());

public sealed class ProcessLoads() : LoadConformance(new ProcessHost());

public sealed class ProcessPartialRestores() : PartialRestoreConformance(new ProcessHost());

public sealed class ProcessTableWeights() : TableWeightConformance(new ProcessHost());

public sealed class ProcessReaders() : ReaderConformance(new ProcessHost());

public sealed class ProcessBadSpecs() : BadSpecConformance(new ProcessHost());

public sealed class ProcessBadCalls() : BadCallConformance(new ProcessHost());

public sealed class ProcessBadRestores() : BadRestoreConformance(new ProcessHost());

public sealed class ProcessTables() : TableConformance(new ProcessHost());

public sealed class ProcessTableSnapshots() : TableSnapshotConformance(new ProcessHost());

public sealed class ProcessBadRows() : BadRowsConformance(new ProcessHost());
