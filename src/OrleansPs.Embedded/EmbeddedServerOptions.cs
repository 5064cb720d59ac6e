using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansPs.Embedded;

/// <summary>How an <see cref="EmbeddedParameterServer"/> is set up.</summary>
public sealed record EmbeddedServerOptions
{
    /// <summary>
    /// The directory that snapshots are kept in, made where it does not exist; null for none, and then no model may ask for
    /// snapshots. One server at a time uses a directory.
    /// </summary>
    public string? SnapshotDirectory { get; init; }

    /// <summary>Where log messages go; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of leases, snapshots and retries; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
