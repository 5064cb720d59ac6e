namespace OrleansPs;

/// <summary>How far a model's workers may drift apart.</summary>
public sealed record ConsistencyPolicy
{
    private ConsistencyPolicy(ConsistencyMode mode, int staleness)
    {
        Mode = mode;
        Staleness = staleness;
    }

    /// <summary>
    /// BSP (Valiant 1990): rounds. All workers' gradients of a round are reduced and applied at once, when all have
    /// clocked; the result does not depend on who came first.
    /// </summary>
    public static ConsistencyPolicy BulkSynchronous { get; } = new(ConsistencyMode.BulkSynchronous, 0);

    /// <summary>ASP: pushes apply at once, nobody waits.</summary>
    public static ConsistencyPolicy Asynchronous { get; } = new(ConsistencyMode.Asynchronous, int.MaxValue);

    /// <summary>The mode.</summary>
    public ConsistencyMode Mode { get; }

    /// <summary>How many clocks the fastest worker may be ahead of the slowest; <see cref="int.MaxValue"/> under ASP.</summary>
    public int Staleness { get; }

    /// <summary>
    /// SSP (Ho et al. 2013): pushes apply at once; a worker waits when it is more than
    /// <paramref name="staleness"/> clocks ahead of the slowest.
    /// </summary>
    /// <param name="staleness">0 to 1,000,000.</param>
    /// <exception cref="InvalidSpecException">The bound is out of its range.</exception>
    public static ConsistencyPolicy StaleSynchronous(int staleness) => staleness is >= 0 and <= 1_000_000
        ? new(ConsistencyMode.StaleSynchronous, staleness)
        : throw new InvalidSpecException("Consistency.Staleness", staleness, "it must be 0 to 1,000,000.");

    /// <summary>As in <c>SSP(2)</c>.</summary>
    public override string ToString() => Mode switch
    {
        ConsistencyMode.BulkSynchronous => "BSP",
        ConsistencyMode.Asynchronous => "ASP",
        _ => $"SSP({Staleness})",
    };
}

/// <summary>The three kinds of consistency.</summary>
public enum ConsistencyMode
{
    /// <summary>Rounds.</summary>
    BulkSynchronous,

    /// <summary>Bounded staleness.</summary>
    StaleSynchronous,

    /// <summary>No bound.</summary>
    Asynchronous,
}

/// <summary>What survives the death of a server.</summary>
public sealed record DurabilityPolicy
{
    private DurabilityPolicy(bool replicated, long everyClocks, TimeSpan? interval, int keep)
    {
        IsReplicated = replicated;
        EveryClocks = everyClocks;
        Interval = interval;
        Keep = keep;
    }

    /// <summary>Whether each block has a standby on another server.</summary>
    public bool IsReplicated { get; }

    /// <summary>A snapshot is taken after so many clocks of the slowest worker; 0 for never.</summary>
    public long EveryClocks { get; }

    /// <summary>A snapshot is taken after so much time; null for never.</summary>
    public TimeSpan? Interval { get; }

    /// <summary>How many snapshots are kept, the newest ones.</summary>
    public int Keep { get; }

    /// <summary>Snapshots alone: a server's death puts the whole model back to its newest cut.</summary>
    /// <param name="everyClocks">Take one after so many clocks, >= 0; 0 for never.</param>
    /// <param name="interval">Take one after so much time, >= 100 ms; null for never.</param>
    /// <param name="keep">Keep the newest so many, 1 to 1,000.</param>
    public static DurabilityPolicy Snapshot(long everyClocks = 0, TimeSpan? interval = null, int keep = 3) =>
        new(false, everyClocks, interval, keep);

    /// <summary>Two replicas of each block on two servers, and snapshots: no acknowledged push is lost to the death of one server.</summary>
    /// <inheritdoc cref="Snapshot"/>
    public static DurabilityPolicy Replicated(long everyClocks = 0, TimeSpan? interval = null, int keep = 3) =>
        new(true, everyClocks, interval, keep);
}

/// <summary>How a round's gradients become one.</summary>
public enum Reduction
{
    /// <summary>Their sum divided by the number of workers in the round, those without a gradient for the parameter included.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}

/// <summary>What happens to a push with a NaN or an infinity.</summary>
public enum NonFinitePolicy
{
    /// <summary>The call throws <see cref="NonFiniteGradientException"/>; nothing is sent.</summary>
    Reject,

    /// <summary>The call sends nothing and succeeds; a counter counts it.</summary>
    Skip,

    /// <summary>The push is sent as it is.</summary>
    Accept,
}

/// <summary>How a worker clips the gradients of one push call.</summary>
public sealed record GradientClipping
{
    private GradientClipping(ClippingMode mode, double limit)
    {
        Mode = mode;
        Limit = limit;
    }

    /// <summary>Not at all.</summary>
    public static GradientClipping None { get; } = new(ClippingMode.None, 0);

    /// <summary>What is limited.</summary>
    public ClippingMode Mode { get; }

    /// <summary>The limit.</summary>
    public double Limit { get; }

    /// <summary>Each element to [-limit, limit], as <c>torch.nn.utils.clip_grad_value_</c>; the caller's gradients are changed.</summary>
    public static GradientClipping ByValue(double limit) => new(ClippingMode.Value, limit);

    /// <summary>
    /// All gradients of the call scaled by min(1, maxNorm / (norm + 1e-6)), norm over all of them, as
    /// <c>torch.nn.utils.clip_grad_norm_</c>; the caller's gradients are changed.
    /// </summary>
    public static GradientClipping ByGlobalNorm(double maxNorm) => new(ClippingMode.GlobalNorm, maxNorm);
}

/// <summary>What clipping limits.</summary>
public enum ClippingMode
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each element.</summary>
    Value,

    /// <summary>The norm of all gradients of a call.</summary>
    GlobalNorm,
}
