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

public sealed class EmbeddedBadRestores() : BadRestoreConformance(new EmbeddedHost());
