using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Client;
using OrleansPs.Conformance;
using OrleansPs.Protocol;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Silos as processes that share a directory, and a client of them in this process.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly List<SiloProcess> _silos = [];
    private IHost? _client;

    public string Directory => _directory.FullPath;

    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>Is told at the end what the silos wrote.</summary>
    public Action<string>? Report { get; set; }

    public IGrainFactory Grains => _client!.Services.GetRequiredService<IGrainFactory>();

    public IParameterServer Server => _client!.Services.GetRequiredService<IParameterServer>();

    public IParameterServerAdmin Admin => _client!.Services.GetRequiredService<IParameterServerAdmin>();

    public static async Task<ProcessCluster> StartAsync(int silos, IReadOnlyDictionary<string, string>? configuration = null)
    {
        var cluster = new ProcessCluster();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, silos).Select(_ => cluster.AddSiloAsync(configuration)));
            await cluster.ConnectAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<SiloProcess> AddSiloAsync(IReadOnlyDictionary<string, string>? configuration = null)
    {
        var silo = SiloProcess.Launch(new() { Directory = Directory, Configuration = configuration ?? new Dictionary<string, string>() });
        lock (_silos) _silos.Add(silo);
        await silo.AwaitReadyAsync();
        return silo;
    }

    /// <summary>Starts the client anew.</summary>
    public async Task ConnectAsync()
    {
        await DisconnectAsync();
        _client = ClientOf(Directory);
        await _client.StartAsync();
    }

    public async Task DisconnectAsync()
    {
        if (_client is not { } client) return;
        _client = null;
        await client.StopAsync();
        client.Dispose();
    }

    /// <summary>The silo process that has an address.</summary>
    public SiloProcess SiloAt(string address) => _silos.Single(s => address.Contains($":{s.Settings.SiloPort}", StringComparison.Ordinal));

    /// <summary>A server over this cluster's client with a clock of its own.</summary>
    public ClusterParameterServer Connected(TimeProvider time) => new(
        Grains, new(), new SessionEnvironment(time, Random.Shared.Next(), Guid.NewGuid, new ClientMetrics()));

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        foreach (var silo in _silos)
        {
            Report?.Invoke($"--- silo {silo.Settings.SiloPort}\n{silo.Output}\n{silo.Error}");
            await silo.DisposeAsync();
        }
        _directory.Dispose();
    }

    private static IHost ClientOf(string directory)
    {
        // The silo's own settings lie beside this program.
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps"));
            client.UseDirectoryClustering(directory);
            client.AddParameterServerClient();
        });
        return builder.Build();
    }
}
