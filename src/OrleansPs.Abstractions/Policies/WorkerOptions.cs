namespace OrleansPs;

/// <summary>How a worker's session behaves.</summary>
public sealed record WorkerOptions
{
    /// <summary>How many block requests a call keeps in flight, 1 to 256; 32 by default. Small ones to one silo travel together, so with more of them a block costs less.</summary>
    public int MaxInFlight { get; init; } = 32;

    /// <summary>Whether pulls may be answered from the session's own copies; off by default.</summary>
    public PullCache Cache { get; init; } = PullCache.Off;

    /// <summary>How long one request may take before it is sent again, 10 ms to 10 minutes; 5 s by default.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an operation is retried before it fails, at least <see cref="RequestTimeout"/>; 2 minutes by default.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The first pause between two tries, 1 ms to 10 s; it doubles from try to try, with jitter. 10 ms by default.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest pause between two tries, <see cref="FirstBackoff"/> to 1 minute; 1 s by default.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        Require(MaxInFlight is >= 1 and <= 256, nameof(MaxInFlight), MaxInFlight, "it must be 1 to 256.");
        Require(Enum.IsDefined(Cache), nameof(Cache), Cache, "it must be Off or WithinBound.");
        Require(RequestTimeout >= TimeSpan.FromMilliseconds(10) && RequestTimeout <= TimeSpan.FromMinutes(10),
            nameof(RequestTimeout), RequestTimeout, "it must be 10 ms to 10 minutes.");
        Require(RetryFor >= RequestTimeout, nameof(RetryFor), RetryFor, "it must be at least RequestTimeout.");
        Require(FirstBackoff >= TimeSpan.FromMilliseconds(1) && FirstBackoff <= TimeSpan.FromSeconds(10),
            nameof(FirstBackoff), FirstBackoff, "it must be 1 ms to 10 s.");
        Require(MaxBackoff >= FirstBackoff && MaxBackoff <= TimeSpan.FromMinutes(1),
            nameof(MaxBackoff), MaxBackoff, "it must be FirstBackoff to 1 minute.");
    }

    private static void Require(bool holds, string option, object value, string rule)
    {
        if (!holds) throw new InvalidOptionsException(option, value, rule);
    }
}

/// <summary>Whether pulls may be answered from a session's own copies.</summary>
public enum PullCache
{
    /// <summary>Every pull asks the service.</summary>
    Off,

    /// <summary>
    /// Under SSP(s) a pull at clock c is answered by a copy that holds every update from clocks &lt;= c - s - 1. Such a copy
    /// may lack the worker's own newest pushes. Under BSP and ASP this changes nothing.
    /// </summary>
    WithinBound,
}
