namespace OrleansPs.Conformance;

/// <summary>What a host of the parameter service gives to the suite.</summary>
public abstract class ConformanceHost
{
    /// <summary>Starts a server.</summary>
    /// <param name="snapshotDirectory">
    /// Where it keeps snapshots: two servers, one after the other, with one directory see the same ones. Null for nowhere.
    /// </param>
    public abstract Task<IParameterServer> StartAsync(string? snapshotDirectory);

    /// <summary>Joins as a process that can die.</summary>
    public abstract Task<MortalWorker> JoinMortalAsync(
        IParameterServer server, string model, int rank, CancellationToken cancellationToken);
}

/// <summary>A worker whose process can die.</summary>
/// <param name="Session">Its session.</param>
/// <param name="Kill">Ends all signs of life, without a farewell.</param>
public sealed record MortalWorker(IParameterWorker Session, Action Kill);
