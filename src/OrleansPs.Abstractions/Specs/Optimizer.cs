namespace OrleansPs;

/// <summary>How a gradient g changes a parameter w. Names and defaults are PyTorch's.</summary>
/// <remarks>
/// Under BSP g is the round's reduced value: with <see cref="Reduction.Mean"/>, the default, the mean over the round's workers.
/// All numbers are used as float32 and must keep their ranges when rounded to it.
/// </remarks>
public abstract record Optimizer
{
    private protected Optimizer() { }

    /// <summary>The learning rate, >= 0; it is multiplied by the schedule's factor.</summary>
    public double Lr { get; init; }

    /// <summary>The weight decay, >= 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Stochastic gradient descent as in <c>torch.optim.SGD</c>.</summary>
    /// <param name="lr">Learning rate, >= 0.</param>
    /// <param name="momentum">Momentum, 0 to 1.</param>
    /// <param name="dampening">Dampening of momentum, 0 to 1.</param>
    /// <param name="weightDecay">L2 penalty, >= 0.</param>
    /// <param name="nesterov">Nesterov momentum (Sutskever et al. 2013); needs momentum > 0 and dampening 0.</param>
    public static Optimizer Sgd(
        double lr = 1e-3, double momentum = 0, double dampening = 0, double weightDecay = 0, bool nesterov = false) =>
        new SgdOptimizer
        { Lr = lr, Momentum = momentum, Dampening = dampening, WeightDecay = weightDecay, Nesterov = nesterov };

    /// <summary>Adam (Kingma and Ba 2015, algorithm 1) as in <c>torch.optim.Adam</c>: weight decay is an L2 penalty.</summary>
    /// <param name="lr">Learning rate, >= 0.</param>
    /// <param name="beta1">Decay of the first moment, [0, 1).</param>
    /// <param name="beta2">Decay of the second moment, [0, 1).</param>
    /// <param name="eps">Added to the root of the second moment, > 0.</param>
    /// <param name="weightDecay">L2 penalty, >= 0.</param>
    public static Optimizer Adam(
        double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0) =>
        new AdamOptimizer { Lr = lr, Beta1 = beta1, Beta2 = beta2, Eps = eps, WeightDecay = weightDecay };

    /// <summary>AdamW (Loshchilov and Hutter 2019, algorithm 2) as in <c>torch.optim.AdamW</c>: decoupled weight decay.</summary>
    /// <inheritdoc cref="Adam"/>
    public static Optimizer AdamW(
        double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 1e-2) =>
        new AdamOptimizer
        { Lr = lr, Beta1 = beta1, Beta2 = beta2, Eps = eps, WeightDecay = weightDecay, Decoupled = true };

    /// <summary>Adagrad (Duchi, Hazan and Singer 2011) as in <c>torch.optim.Adagrad</c>.</summary>
    /// <param name="lr">Learning rate, >= 0.</param>
    /// <param name="lrDecay">Decay of the learning rate, >= 0: at the parameter's update t it is divided by 1 + (t - 1) lrDecay.</param>
    /// <param name="weightDecay">L2 penalty, >= 0.</param>
    /// <param name="initialAccumulatorValue">What the sums of squares start at, >= 0.</param>
    /// <param name="eps">Added to the root of the sum of squares, > 0.</param>
    public static Optimizer Adagrad(
        double lr = 1e-2, double lrDecay = 0, double weightDecay = 0, double initialAccumulatorValue = 0, double eps = 1e-10) =>
        new AdagradOptimizer
        { Lr = lr, LrDecay = lrDecay, WeightDecay = weightDecay, InitialAccumulatorValue = initialAccumulatorValue, Eps = eps };

    /// <summary>RMSprop (Hinton 2012; centered: Graves 2013) as in <c>torch.optim.RMSprop</c>.</summary>
    /// <remarks>Where rounding makes the centered variance negative it counts as 0; PyTorch gives NaN there.</remarks>
    /// <param name="lr">Learning rate, >= 0.</param>
    /// <param name="alpha">Decay of the mean square, [0, 1).</param>
    /// <param name="eps">Added to the root of the mean square, > 0.</param>
    /// <param name="weightDecay">L2 penalty, >= 0.</param>
    /// <param name="momentum">Momentum, 0 to 1.</param>
    /// <param name="centered">Whether the square of the mean gradient is subtracted from the mean square; not together with momentum.</param>
    public static Optimizer RmsProp(
        double lr = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0, double momentum = 0, bool centered = false) =>
        new RmsPropOptimizer
        { Lr = lr, Alpha = alpha, Eps = eps, WeightDecay = weightDecay, Momentum = momentum, Centered = centered };

    /// <summary>
    /// FTRL-Proximal (McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches", algorithm 1): each element has
    /// the learning rate alpha / (beta + the root of its sum of squared gradients), and is 0 until its gradients outweigh l1.
    /// </summary>
    /// <remarks>
    /// Schedule and groups change alpha, which is <see cref="Lr"/>; a change moves no parameter by itself, as it would if z were
    /// kept and alpha were not. The paper starts at 0; another first value is kept, and moves on from there.
    /// </remarks>
    /// <param name="alpha">Learning rate, >= 0.</param>
    /// <param name="beta">Added to the root of the sum of squares, > 0.</param>
    /// <param name="l1">L1 penalty, >= 0: makes parameters exactly 0.</param>
    /// <param name="l2">L2 penalty, >= 0.</param>
    public static Optimizer FtrlProximal(double alpha = 0.1, double beta = 1, double l1 = 0, double l2 = 0) =>
        new FtrlProximalOptimizer { Lr = alpha, Beta = beta, L1 = l1, L2 = l2 };

    /// <summary>
    /// Row-wise Adagrad as in TorchRec and FBGEMM (EXACT_ROWWISE_ADAGRAD): Adagrad with one accumulator a row, the sum over
    /// its updates of the row's mean squared gradient. For embedding tables alone.
    /// </summary>
    /// <param name="lr">Learning rate, >= 0.</param>
    /// <param name="weightDecay">L2 penalty, >= 0.</param>
    /// <param name="initialAccumulatorValue">What the accumulators start at, >= 0.</param>
    /// <param name="eps">Added to the root of the accumulator, > 0.</param>
    public static Optimizer RowwiseAdagrad(
        double lr = 1e-2, double weightDecay = 0, double initialAccumulatorValue = 0, double eps = 1e-10) =>
        new RowwiseAdagradOptimizer
        { Lr = lr, WeightDecay = weightDecay, InitialAccumulatorValue = initialAccumulatorValue, Eps = eps };

    /// <summary>w += g: no state. For counters and for workers that compute their own updates.</summary>
    /// <remarks>
    /// Learning rate, schedule and weight decay do not apply to it; the model's clipping does. Under BSP g is the round's mean unless
    /// the model's <see cref="ModelSpec.Reduction"/> is <see cref="Reduction.Sum"/>, which counters want.
    /// </remarks>
    public static Optimizer Sum() => new SumOptimizer { Lr = 1 };

    /// <summary>w = g: the last push wins. Under BSP the last round does.</summary>
    /// <remarks>
    /// Learning rate, schedule and weight decay do not apply to it; the model's clipping does. Under BSP g is the mean or, with
    /// <see cref="Reduction.Sum"/>, the sum of what the round's workers pushed.
    /// </remarks>
    public static Optimizer Assign() => new AssignOptimizer { Lr = 1 };

    internal Optimizer With(double? lr, double? weightDecay) =>
        this with { Lr = lr ?? Lr, WeightDecay = weightDecay ?? WeightDecay };
}

/// <summary>See <see cref="Optimizer.Sgd"/>.</summary>
public sealed record SgdOptimizer : Optimizer
{
    internal SgdOptimizer() { }

    /// <summary>Momentum, 0 to 1.</summary>
    public double Momentum { get; init; }

    /// <summary>Dampening of momentum, 0 to 1.</summary>
    public double Dampening { get; init; }

    /// <summary>Whether momentum is Nesterov's.</summary>
    public bool Nesterov { get; init; }
}

/// <summary>See <see cref="Optimizer.Adam"/> and <see cref="Optimizer.AdamW"/>.</summary>
public sealed record AdamOptimizer : Optimizer
{
    internal AdamOptimizer() { }

    /// <summary>Decay of the first moment, [0, 1).</summary>
    public double Beta1 { get; init; }

    /// <summary>Decay of the second moment, [0, 1).</summary>
    public double Beta2 { get; init; }

    /// <summary>Added to the root of the second moment, > 0.</summary>
    public double Eps { get; init; }

    /// <summary>Whether weight decay is decoupled from the gradient (AdamW).</summary>
    public bool Decoupled { get; init; }
}

/// <summary>See <see cref="Optimizer.Adagrad"/>.</summary>
public sealed record AdagradOptimizer : Optimizer
{
    internal AdagradOptimizer() { }

    /// <summary>Decay of the learning rate, >= 0.</summary>
    public double LrDecay { get; init; }

    /// <summary>What the sums of squares start at, >= 0.</summary>
    public double InitialAccumulatorValue { get; init; }

    /// <summary>Added to the root of the sum of squares, > 0.</summary>
    public double Eps { get; init; }
}

/// <summary>See <see cref="Optimizer.RmsProp"/>.</summary>
public sealed record RmsPropOptimizer : Optimizer
{
    internal RmsPropOptimizer() { }

    /// <summary>Decay of the mean square, [0, 1).</summary>
    public double Alpha { get; init; }

    /// <summary>Added to the root of the mean square, > 0.</summary>
    public double Eps { get; init; }

    /// <summary>Momentum, 0 to 1.</summary>
    public double Momentum { get; init; }

    /// <summary>Whether the square of the mean gradient is subtracted from the mean square.</summary>
    public bool Centered { get; init; }
}

/// <summary>See <see cref="Optimizer.FtrlProximal"/>. Its alpha is <see cref="Optimizer.Lr"/>.</summary>
public sealed record FtrlProximalOptimizer : Optimizer
{
    internal FtrlProximalOptimizer() { }

    /// <summary>Added to the root of the sum of squares, > 0.</summary>
    public double Beta { get; init; }

    /// <summary>L1 penalty, >= 0.</summary>
    public double L1 { get; init; }

    /// <summary>L2 penalty, >= 0.</summary>
    public double L2 { get; init; }
}

/// <summary>See <see cref="Optimizer.RowwiseAdagrad"/>.</summary>
public sealed record RowwiseAdagradOptimizer : Optimizer
{
    internal RowwiseAdagradOptimizer() { }

    /// <summary>What the accumulators start at, >= 0.</summary>
    public double InitialAccumulatorValue { get; init; }

    /// <summary>Added to the root of the accumulator, > 0.</summary>
    public double Eps { get; init; }
}

/// <summary>See <see cref="Optimizer.Sum"/>.</summary>
public sealed record SumOptimizer : Optimizer
{
    internal SumOptimizer() { }
}

/// <summary>See <see cref="Optimizer.Assign"/>.</summary>
public sealed record AssignOptimizer : Optimizer
{
    internal AssignOptimizer() { }
}
