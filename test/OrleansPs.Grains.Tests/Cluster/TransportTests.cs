using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansPs.Conformance;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>A silo's connections, and who may be at their other end.</summary>
public sealed class TransportTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void All_of_a_silos_connections_are_ours()
    {
        using var silo = Silo(out var services);
        Assert.All(Keys<IConnectionFactory>(services), key =>
            Assert.IsType<FrameConnectionFactory>(silo.Services.GetRequiredKeyedService<IConnectionFactory>(key)));
        Assert.All(Keys<IConnectionListenerFactory>(services), key =>
            Assert.IsType<FrameListenerFactory>(silo.Services.GetRequiredKeyedService<IConnectionListenerFactory>(key)));
        Assert.Equal((1, 2), (Keys<IConnectionFactory>(services).Length, Keys<IConnectionListenerFactory>(services).Length));
    }

    [Fact]
    public async Task A_client_with_the_connections_of_Orleans_understands_the_silo()
    {
        using var silo = Silo(out _);
        await silo.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            Name(client.Services);
            client.UseDirectoryClustering(_directory.FullPath);
        });
        using var client = builder.Build();
        await client.StartAsync();
        var hosts = await client.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts();
        Assert.Equal([SiloStatus.Active], hosts.Values);
        await client.StopAsync();
        await silo.StopAsync();
    }

    private IHost Silo(out IServiceCollection services)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleans(silo =>
        {
            Name(silo.Services);
            silo.ConfigureEndpoints(IPAddress.Loopback, Ports.Free(), Ports.Free());
            silo.UseDirectoryClustering(_directory.FullPath);
            silo.AddDirectoryGrainStorage(ParameterServerOptions.DefaultStorageName, _directory.FullPath);
            silo.AddParameterServer();
        });
        services = builder.Services;
        return builder.Build();
    }

    private static void Name(IServiceCollection services) =>
        services.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps"));

    private static object?[] Keys<T>(IServiceCollection services) =>
        [.. services.Where(d => d.ServiceType == typeof(T)).Select(d => d.ServiceKey)];
}
