using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Two silos as processes as a host of the suite, shared by all its tests. A worker that dies is a session whose timers stop.</summary>
internal sealed class ProcessHost : ConformanceHost
{
    private static readonly Lazy<Task<ProcessCluster>> s_cluster = new(StartClusterAsync);
    private readonly MortalTime _time = new();

    public override async Task<IParameterServer> StartAsync(string? snapshotDirectory) =>
        new BorrowedServer((await s_cluster.Value).Connected(_time));

    public override async Task<MortalWorker> JoinMortalAsync(
        IParameterServer server, string model, int rank, CancellationToken cancellationToken)
    {
        using var life = _time.BeginLife();
        var session = await server.JoinAsync(model, rank, cancellationToken: cancellationToken);
        return new(session, life.End);
    }

    private static async Task<ProcessCluster> StartClusterAsync()
    {
        var cluster = await ProcessCluster.StartAsync(2);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cluster.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
        return cluster;
    }
}
