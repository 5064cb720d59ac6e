namespace OrleansPs.Grains;

/// <summary>How a silo serves models.</summary>
public sealed class ParameterServerOptions
{
    /// <summary>The default of <see cref="StorageName"/>.</summary>
    public const string DefaultStorageName = "OrleansPs";

    /// <summary>The name of the grain storage that snapshots and models are kept in.</summary>
    public string StorageName { get; set; } = DefaultStorageName;

    /// <summary>How long a shutdown waits for blocks to move to other silos, 0 s to 1 h; 30 s by default.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a silo holds a connection to each of the others, to know at once when one's process dies; on by default. With it or
    /// without it, a silo that pauses for less than 2 s stays; one that is silent for over 4 to 6 s is taken for dead.
    /// </summary>
    public bool WatchPeers { get; set; } = true;

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(StorageName))
            throw new InvalidOptionsException(nameof(StorageName), StorageName, "it must name a grain storage.");
        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromHours(1))
            throw new InvalidOptionsException(nameof(DrainTimeout), DrainTimeout, "it must be 0 s to 1 h.");
    }
}
