namespace OrleansPs;

/// <summary>
/// What SSP and ASP do about gradients that were computed from older values than those they change. It concerns dense parameters
/// with an optimizer other than <see cref="Optimizer.Sum"/> and <see cref="Optimizer.Assign"/>; embedding tables take no part.
/// </summary>
/// <remarks>
/// A block remembers of each rank what it last pulled: a pull of any of a block's parameters counts as a pull of the whole block,
/// a push-pull as a push and then a pull; pulls of readers and reads of a worker's own copy do not count. A rank that has not pulled from the
/// block, or not since the model was put back to a snapshot, is not compensated until it does.
/// </remarks>
public sealed record StalenessCompensation
{
    private StalenessCompensation(CompensationMode mode, double lambda)
    {
        Mode = mode;
        Lambda = lambda;
    }

    /// <summary>Nothing.</summary>
    public static StalenessCompensation None { get; } = new(CompensationMode.None, 0);

    /// <summary>What is changed.</summary>
    public CompensationMode Mode { get; }

    /// <summary>The strength of <see cref="DcAsgd"/>; 0 for the others.</summary>
    public double Lambda { get; }

    /// <summary>
    /// The learning rate of a push is divided by its staleness (Zhang, Gupta, Lian and Liu 2016, "Staleness-aware Async-SGD for
    /// Distributed Deep Learning"): the number of pushes, of any rank, that its block has applied between the rank's last pull and this
    /// push, and 1 where that is 0.
    /// </summary>
    public static StalenessCompensation ByLr() => new(CompensationMode.Lr, 0);

    /// <summary>
    /// The gradient g of a push becomes g + lambda g g (w - w'), with w as it is and w' as the rank last pulled it (Zheng et al.
    /// 2017, "Asynchronous Stochastic Gradient Descent with Delay Compensation", equation 10 with a constant lambda). Each block
    /// keeps up to one copy of its values a rank: MaxWorkers x the model's dense size, which <see cref="ModelSpec.StagingBytes"/> must allow.
    /// </summary>
    /// <param name="lambda">The strength, above 0: the larger the gradients, the smaller.</param>
    public static StalenessCompensation DcAsgd(double lambda = 0.04) => new(CompensationMode.DcAsgd, lambda);
}

/// <summary>What compensation changes.</summary>
public enum CompensationMode
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The learning rate.</summary>
    Lr,

    /// <summary>The gradient.</summary>
    DcAsgd,
}
