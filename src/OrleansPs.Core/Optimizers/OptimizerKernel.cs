namespace OrleansPs.Core.Optimizers;

/// <summary>
/// The arithmetic of one optimizer over contiguous memory: reads a gradient once, updates values and state in place,
/// allocates nothing. Element i of the result depends on element i of the inputs alone, with the same bits in the vector
/// body and in the tail, so it does not matter how a parameter is cut into blocks or a call into pieces.
/// </summary>
/// <remarks>Immutable and thread-safe; two calls on the same memory at the same time are the caller's error.</remarks>
public abstract class OptimizerKernel
{
    /// <summary>The kernel of an optimizer.</summary>
    /// <param name="optimizer">The optimizer, already validated with its spec.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no kernel for this kind of optimizer.</exception>
    public static OptimizerKernel For(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return optimizer switch
        {
            SgdOptimizer sgd => new SgdKernel(sgd),
            AdamOptimizer adam => new AdamKernel(adam),
            AdagradOptimizer adagrad => new AdagradKernel(adagrad),
            RmsPropOptimizer rmsProp => new RmsPropKernel(rmsProp),
            FtrlProximalOptimizer ftrl => new FtrlProximalKernel(ftrl),
            SumOptimizer => new SumKernel(),
            AssignOptimizer => new AssignKernel(),
            _ => throw new ArgumentOutOfRangeException(nameof(optimizer), optimizer, "there is no kernel for this optimizer."),
        };
    }

    /// <summary>How many floats of state an element has: 0, 1 or 2.</summary>
    public abstract int StateSlots { get; }

    /// <summary>Whether <see cref="UpdateContext.Count"/> is read: if not, any count gives the same bits.</summary>
    public abstract bool CountsUpdates { get; }

    /// <summary>Writes the state that elements have before their first update: zeros, unless the optimizer says otherwise.</summary>
    /// <param name="slot0">The first state; empty where <see cref="StateSlots"/> is 0.</param>
    /// <param name="slot1">The second state; empty where <see cref="StateSlots"/> is below 2.</param>
    public virtual void InitializeState(Span<float> slot0, Span<float> slot1)
    {
        slot0.Clear();
        slot1.Clear();
    }

    /// <summary>Applies one update.</summary>
    /// <param name="values">The parameters; changed.</param>
    /// <param name="gradient">Their gradient, of the same length.</param>
    /// <param name="slot0">The first state, of the same length where <see cref="StateSlots"/> >= 1, else empty; changed.</param>
    /// <param name="slot1">The second state, of the same length where <see cref="StateSlots"/> is 2, else empty; changed.</param>
    /// <param name="update">Which update this is.</param>
    /// <exception cref="ArgumentException">The lengths differ; nothing has been changed.</exception>
    public abstract void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update);
}

/// <summary>Which update of a parameter a kernel computes.</summary>
/// <param name="LrFactor">The schedule's factor on the learning rate at the pusher's clock.</param>
/// <param name="Count">This update's number, from 1: the parameter's own count (Adam's t).</param>
public readonly record struct UpdateContext(double LrFactor, long Count);
