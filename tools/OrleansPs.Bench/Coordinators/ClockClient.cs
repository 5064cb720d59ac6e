using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Bench;

/// <summary>A client of one silo process that sees the coordinator's grain itself.</summary>
internal sealed class ClockClient : IDisposable
{
    private readonly IHost _host;

    private ClockClient(IHost host, Silos silos) => (_host, Silos) = (host, silos);

    public Silos Silos { get; }

    public IParameterServer Server => _host.Services.GetRequiredService<IParameterServer>();

    public static async Task<ClockClient> ConnectAsync(Silos silos, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("orleansps", "orleansps"))
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, silos.Places[0].GatewayPort)).AddParameterServerClient());
        var host = builder.Build();
        await host.StartAsync(stop).ConfigureAwait(false);
        return new(host, silos);
    }

    public ICoordinatorGrain CoordinatorOf(string model) => _host.Services.GetRequiredService<IClusterClient>().GetGrain<ICoordinatorGrain>(model);

    public void Dispose() => _host.Dispose();
}
