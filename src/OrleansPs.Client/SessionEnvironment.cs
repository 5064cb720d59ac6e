namespace OrleansPs.Client;

/// <summary>
/// What a session gets from outside: time, randomness, nonces and instruments. With a simulated clock, a seed and a
/// transport on one thread, a session does the same on every run.
/// </summary>
/// <remarks>
/// Thread safe. A session starts no thread and, unless <see cref="PrefetchOnPool"/> says so, schedules nothing by itself:
/// its continuations run where a transport or a timer completes, inline as long as that thread has no
/// <see cref="SynchronizationContext"/>.
/// </remarks>
public sealed class SessionEnvironment
{
    private readonly Lock _lock = new();
    private readonly Random _random;

    /// <summary>An environment.</summary>
    /// <param name="time">The clock of all timeouts, pauses and heartbeats.</param>
    /// <param name="seed">The seed of the jitter of pauses.</param>
    /// <param name="newNonce">Draws a nonce for each join; unique among all sessions of a model.</param>
    /// <param name="metrics">The instruments, mostly shared by all sessions of a process.</param>
    public SessionEnvironment(TimeProvider time, int seed, Func<Guid> newNonce, ClientMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(newNonce);
        ArgumentNullException.ThrowIfNull(metrics);
        Time = time;
        NewNonce = newNonce;
        Metrics = metrics;
        _random = new(seed);
    }

    /// <summary>The clock of all timeouts, pauses and heartbeats.</summary>
    public TimeProvider Time { get; }

    /// <summary>Draws a nonce for each join.</summary>
    public Func<Guid> NewNonce { get; }

    /// <summary>The instruments.</summary>
    public ClientMetrics Metrics { get; }

    /// <summary>
    /// Whether prefetches run on the thread pool; off by default. A transport in the same process answers on the caller's
    /// thread: without it a prefetch there is done before <see cref="IParameterWorker.Prefetch"/> returns, and overlaps
    /// with nothing. With it a session is no longer deterministic.
    /// </summary>
    public bool PrefetchOnPool { get; init; }

    /// <summary>The real thing: the system's clock, a random seed and random nonces.</summary>
    public static SessionEnvironment System(ClientMetrics metrics) =>
        new(TimeProvider.System, Random.Shared.Next(), Guid.NewGuid, metrics);

    /// <summary>A number in [0, 1).</summary>
    internal double NextUniform()
    {
        lock (_lock) return _random.NextDouble();
    }
}
