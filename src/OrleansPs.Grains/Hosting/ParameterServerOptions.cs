namespace OrleansPs.Grains;

/// <summary>How a silo serves models.</summary>
public sealed class ParameterServerOptions
{
    /// <summary>The name of the grain storage that snapshots and models are kept in.</summary>
    public const string DefaultStorageName = "OrleansPs";

    /// <summary>The name of the grain storage that snapshots and models are kept in.</summary>
    public string StorageName { get; set; } = DefaultStorageName;

    /// <summary>How long a shutdown waits for blocks to move to other silos, 0 s to 1 h; 30 s by default.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether a silo holds a connection to each of the others, to know at once when one dies; on by default. A silo that only
    /// pauses stays.
    /// </summary>
    public bool WatchPeers { get; set; } = true;
}
