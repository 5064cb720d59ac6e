using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;
using OrleansPs.Client;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>Silos and a client in this process: real grains, real messages through Orleans' serializer, membership in memory.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private TestCluster(InProcessTestCluster cluster, SharedStorage storage) => (_cluster, Storage) = (cluster, storage);

    public SharedStorage Storage { get; }

    public InProcessTestCluster Orleans => _cluster;

    public IGrainFactory Grains => _cluster.Client;

    public static async Task<TestCluster> StartAsync(short silos, SharedStorage? storage = null, Action<ISiloBuilder>? configure = null)
    {
        storage ??= new();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddKeyedSingleton<IGrainStorage>(ParameterServerOptions.DefaultStorageName, storage);
            // Silos in one process have no sockets: whoever knocks at their ports is refused, though they live.
            silo.AddParameterServer(options => (options.DrainTimeout, options.WatchPeers) = (TimeSpan.FromSeconds(10), false));
            configure?.Invoke(silo);
        });
        builder.ConfigureClient(client => client.AddParameterServerClient());
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, storage);
    }

    /// <summary>A server over this cluster's client with a clock of its own.</summary>
    public ClusterParameterServer Connect(TimeProvider time) => new(
        _cluster.Client, new(), new SessionEnvironment(time, Random.Shared.Next(), Guid.NewGuid, new ClientMetrics()),
        doors: _cluster.Client.ServiceProvider.GetRequiredService<IBlockDoors>());

    /// <summary>A server in the process of a silo, as it is registered there, with a clock of its own.</summary>
    public ClusterParameterServer ConnectInside(int silo, TimeProvider time)
    {
        var services = _cluster.Silos[silo].ServiceProvider;
        return new(
            services.GetRequiredService<IGrainFactory>(), new(), new SessionEnvironment(time, Random.Shared.Next(), Guid.NewGuid, new ClientMetrics()),
            doors: services.GetRequiredService<IBlockDoors>(), local: services.GetRequiredService<ILocalBlocks>());
    }

    public ClusterParameterServer Connect() => Connect(TimeProvider.System);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
