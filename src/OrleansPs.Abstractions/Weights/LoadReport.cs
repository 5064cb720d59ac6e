namespace OrleansPs;

/// <summary>How values are loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// Whether tensors that don't match are left out: a parameter without one keeps its first values, as with PyTorch's
    /// <c>load_state_dict(strict=False)</c>. By default nothing is loaded unless everything matches.
    /// </summary>
    public bool Partial { get; init; }
}

/// <summary>Which parameters of a model got values, and which did not.</summary>
/// <remarks>Lists are in the order of the spec, <see cref="Unexpected"/> in that of where the values came from.</remarks>
public sealed record LoadReport
{
    /// <summary>The cut that the model was put to; null where the server keeps no snapshots.</summary>
    public SnapshotInfo? Snapshot { get; init; }

    /// <summary>The cut that the values came from; null if they came from elsewhere.</summary>
    public SnapshotInfo? Source { get; init; }

    /// <summary>Parameters that got their values.</summary>
    public IReadOnlyList<string> Loaded { get; init; } = [];

    /// <summary>Parameters for which there was nothing: they have their first values (PyTorch's missing_keys).</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>What there was that the model has no parameter for (PyTorch's unexpected_keys).</summary>
    public IReadOnlyList<string> Unexpected { get; init; } = [];

    /// <summary>Parameters for which there was something of another shape or type: they have their first values.</summary>
    public IReadOnlyList<TensorMismatch> Mismatched { get; init; } = [];

    /// <summary>
    /// Loaded parameters whose optimizer state begins anew although the source had some, because their optimizer is of another kind.
    /// </summary>
    public IReadOnlyList<string> FreshState { get; init; } = [];

    /// <summary>Whether every parameter got its values, and nothing was left over.</summary>
    public bool IsComplete => Missing.Count == 0 && Unexpected.Count == 0 && Mismatched.Count == 0;

    /// <summary>What did not match as a sentence, such as <c>missing: 'b'; mismatched: 'w' is [2, 3], not [2, 4]</c>.</summary>
    public string Differences => string.Join("; ", new[]
    {
        Part("missing", [.. Missing.Select(name => $"'{name}'")]),
        Part("unexpected", [.. Unexpected.Select(name => $"'{name}'")]),
        Part("mismatched", [.. Mismatched.Select(m => $"'{m.Parameter}' is {m.Actual}, not {m.Expected}")]),
    }.OfType<string>());

    private static string? Part(string what, string[] items)
    {
        const int Shown = 8;
        if (items.Length == 0) return null;
        return $"{what}: {string.Join(", ", items.Take(Shown))}{(items.Length > Shown ? $" and {items.Length - Shown} more" : "")}";
    }
}

/// <summary>A tensor that has a parameter's name and can't be its values.</summary>
/// <param name="Parameter">The name.</param>
/// <param name="Expected">The parameter's shape, such as <c>[784, 256]</c>.</param>
/// <param name="Actual">The tensor's shape, with its type where that is the reason.</param>
public sealed record TensorMismatch(string Parameter, string Expected, string Actual);
