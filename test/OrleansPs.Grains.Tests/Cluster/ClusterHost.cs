using OrleansPs.Conformance;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>A cluster of two silos as a host of the suite, shared by all its tests. A process that dies is a session whose timers stop.</summary>
/// <param name="isReplicated">Whether every model of the suite is replicated: a standby behind each block, a witness behind each coordinator.</param>
/// <param name="isInside">Whether workers live in the process of a silo, which holds about half of the blocks.</param>
internal sealed class ClusterHost(bool isReplicated = false, bool isInside = false) : ConformanceHost
{
    private static readonly Lazy<Task<TestCluster>> s_cluster = new(() => TestCluster.StartAsync(2));
    private readonly MortalTime _time = new();

    public override async Task<IParameterServer> StartAsync(string? snapshotDirectory) =>
        new BorrowedServer(isInside ? (await s_cluster.Value).ConnectInside(0, _time) : (await s_cluster.Value).Connect(_time), isReplicated);

    public override async Task<MortalWorker> JoinMortalAsync(
        IParameterServer server, string model, int rank, CancellationToken cancellationToken)
    {
        using var life = _time.BeginLife();
        var session = await server.JoinAsync(model, rank, cancellationToken: cancellationToken);
        return new(session, life.End);
    }
}
