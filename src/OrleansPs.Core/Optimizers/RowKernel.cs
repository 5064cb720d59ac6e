namespace OrleansPs.Core.Optimizers;

/// <summary>
/// The arithmetic of one optimizer over rows of an embedding table: a row is updated when a gradient for it comes, and has
/// state of its own. An optimizer for dense parameters does to a row what it does to a parameter of that many elements.
/// </summary>
/// <remarks>Immutable and thread-safe; two calls on the same row at the same time are the caller's error.</remarks>
internal abstract class RowKernel
{
    /// <summary>The kernel of an optimizer.</summary>
    /// <param name="optimizer">The optimizer, already validated with its spec.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no kernel for this kind of optimizer.</exception>
    public static RowKernel For(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return optimizer is RowwiseAdagradOptimizer rowwise
            ? new RowwiseAdagradKernel(rowwise)
            : new ElementwiseRowKernel(OptimizerKernel.For(optimizer));
    }

    /// <summary>How many floats of state a row of a width has.</summary>
    public abstract int StateFloats(int width);

    /// <summary>Whether <see cref="UpdateContext.Count"/> is read: if not, rows need no counts.</summary>
    public abstract bool CountsUpdates { get; }

    /// <summary>Writes the state of a row that has had no update.</summary>
    /// <param name="state">The state, <see cref="StateFloats"/> long.</param>
    public abstract void Initialize(Span<float> state);

    /// <summary>Applies one update to one row.</summary>
    /// <param name="values">The row; changed.</param>
    /// <param name="gradient">Its gradient, of the same length.</param>
    /// <param name="state">Its state, <see cref="StateFloats"/> long; changed.</param>
    /// <param name="update">Which update this is; the count is the row's own, from 1.</param>
    /// <exception cref="ArgumentException">The lengths differ; nothing has been changed.</exception>
    public abstract void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> state, in UpdateContext update);

    private protected static void CheckLength(int length, int expected, string name)
    {
        if (length != expected) Throw(length, expected, name);
    }

    private static void Throw(int length, int expected, string name) =>
        throw new ArgumentException($"The length is {length}; a row of this width needs {expected}.", name);
}
