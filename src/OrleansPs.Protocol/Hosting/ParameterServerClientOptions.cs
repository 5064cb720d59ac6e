namespace OrleansPs.Protocol;

/// <summary>How a client of a cluster behaves.</summary>
public sealed class ParameterServerClientOptions
{
    /// <summary>
    /// What sessions use that are joined without options of their own. A request is asked again after its
    /// <see cref="WorkerOptions.RequestTimeout"/>, here 2 s: a silo that died doesn't say so.
    /// </summary>
    public WorkerOptions Worker { get; set; } = new() { RequestTimeout = TimeSpan.FromSeconds(2) };

    /// <summary>How long calls beside the training (create, status, snapshot list ...) are tried, 1 s to 1 h; 30 s by default.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the client looks for a gateway when it starts, 1 s to 1 h; 30 s by default.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Worker);
        Worker.Validate();
        Require(CallTimeout, nameof(CallTimeout));
        Require(ConnectTimeout, nameof(ConnectTimeout));
    }

    private static void Require(TimeSpan value, string option)
    {
        if (value < TimeSpan.FromSeconds(1) || value > TimeSpan.FromHours(1))
            throw new InvalidOptionsException(option, value, "it must be 1 s to 1 h.");
    }
}
