using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests;

/// <summary>The embedded server as a host of the suite. A process that dies is here a session whose timers stop.</summary>
internal sealed class EmbeddedHost : ConformanceHost
{
    private readonly MortalTime _time = new();

    public override async Task<IParameterServer> StartAsync(string? snapshotDirectory) =>
        await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = snapshotDirectory, TimeProvider = _time });

    public override async Task<MortalWorker> JoinMortalAsync(
        IParameterServer server, string model, int rank, CancellationToken cancellationToken)
    {
        using var life = _time.BeginLife();
        var session = await server.JoinAsync(model, rank, cancellationToken: cancellationToken);
        return new(session, life.End);
    }
}
