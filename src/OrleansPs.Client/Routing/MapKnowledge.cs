namespace OrleansPs.Client;

/// <summary>
/// The newest version of the block map that a client has heard of. A replica that is the primary no longer may not know it yet, and
/// answer with old values; whoever heard that time has gone on must not take them for new ones. So an answer that came by an older map
/// counts only if the newest map has the block in the same place, under the same epoch.
/// </summary>
/// <remarks>Thread safe.</remarks>
public sealed class MapKnowledge
{
    private readonly Lock _lock = new();
    private (long Generation, long Version) _newest = (-1, 0);

    /// <summary>A coordinator's answer said which map it had.</summary>
    /// <param name="generation">The answer's generation.</param>
    /// <param name="version">The map's version.</param>
    public void Note(long generation, long version)
    {
        lock (_lock)
            if ((generation, version).CompareTo(_newest) > 0) _newest = (generation, version);
    }

    /// <summary>Whether a newer map than this one was heard of.</summary>
    /// <param name="generation">The map's generation.</param>
    /// <param name="version">Its version.</param>
    public bool IsOutdated(long generation, long version)
    {
        lock (_lock) return (generation, version).CompareTo(_newest) < 0;
    }
}
