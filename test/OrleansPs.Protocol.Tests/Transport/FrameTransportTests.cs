using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace OrleansPs.Protocol.Tests.Transport;

/// <summary>Whose connections are replaced.</summary>
public sealed class FrameTransportTests
{
    [Fact]
    public void The_connections_of_a_client_are_ours()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client.UseLocalhostClustering().AddParameterServerClient());
        using var host = builder.Build();
        var keys = builder.Services.Where(d => d.ServiceType == typeof(IConnectionFactory)).Select(d => d.ServiceKey).ToArray();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.IsType<FrameConnectionFactory>(host.Services.GetRequiredKeyedService<IConnectionFactory>(key)));
    }

    [Fact]
    public void A_transport_that_is_not_of_Orleans_is_left_alone()
    {
        var services = new ServiceCollection();
        services.AddOptions();
        services.AddKeyedSingleton<IConnectionFactory>("a", (_, _) => new Foreign());
        services.AddKeyedSingleton<IConnectionFactory>("b", new Foreign());
        services.AddKeyedSingleton<IConnectionFactory, Foreign>("c");
        FrameTransport.Use<ClientMessagingOptions>(services);
        FrameTransport.Use<ClientMessagingOptions>(services);
        using var provider = services.BuildServiceProvider();
        Assert.All((string[])["a", "b", "c"], key => Assert.IsType<Foreign>(provider.GetRequiredKeyedService<IConnectionFactory>(key)));
    }

    private sealed class Foreign : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
