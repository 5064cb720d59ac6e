namespace OrleansPs;

/// <summary>There is no such snapshot.</summary>
public sealed class SnapshotNotFoundException(string model, long? cut)
    : ParameterServerException(cut is null
        ? $"Model '{model}' has no complete snapshot."
        : $"Model '{model}' has no complete snapshot of cut {cut}.")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;

    /// <summary>The cut asked for; null for the newest.</summary>
    public long? Cut { get; } = cut;
}

/// <summary>A snapshot is damaged.</summary>
public sealed class SnapshotCorruptException(string name, string problem)
    : ParameterServerException($"Snapshot {name} is damaged: {problem}")
{
    /// <summary>What is damaged: a file or a storage key.</summary>
    public string Name { get; } = name;

    /// <summary>How.</summary>
    public string Problem { get; } = problem;
}

/// <summary>A cut was given up before it was complete; the previous snapshot stays.</summary>
public sealed class SnapshotAbortedException(string model, long cut, string reason)
    : ParameterServerException($"Cut {cut} of model '{model}' was aborted: {reason}")
{
    /// <inheritdoc/>
    public override bool IsTransient => true;

    /// <summary>The model.</summary>
    public string Model { get; } = model;

    /// <summary>The cut.</summary>
    public long Cut { get; } = cut;

    /// <summary>Why.</summary>
    public string Reason { get; } = reason;
}

/// <summary>The storage of snapshots refused: no permission, no space, not reachable.</summary>
public sealed class SnapshotStorageException(string location, string problem, bool transient, Exception? inner = null)
    : ParameterServerException($"{location}: {problem}", inner)
{
    /// <inheritdoc/>
    public override bool IsTransient { get; } = transient;

    /// <summary>Where.</summary>
    public string Location { get; } = location;
}
