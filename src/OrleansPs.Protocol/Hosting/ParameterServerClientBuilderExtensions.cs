using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansPs;
using OrleansPs.Client;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>Adds the client of the parameter service to an Orleans client.</summary>
public static class ParameterServerClientBuilderExtensions
{
    /// <summary>
    /// Registers <see cref="IParameterServer"/> and <see cref="IParameterServerAdmin"/> over the cluster that this client
    /// connects to. The client gives up to connect after <see cref="ParameterServerClientOptions.ConnectTimeout"/>, and
    /// refuses a cluster of another service id.
    /// </summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <remarks>
    /// Orleans' own connections give way to ones that carry large messages in one piece; the bytes on the wire stay the same. A transport that is
    /// registered by others stays, and so does one that is registered after this call.
    /// </remarks>
    /// <example>
    /// <code>
    /// var host = Host.CreateApplicationBuilder(args);
    /// host.UseOrleansClient(client => client.AddParameterServerClient());
    /// using var app = host.Build();
    /// await app.StartAsync();
    /// var server = app.Services.GetRequiredService&lt;IParameterServer&gt;();
    /// </code>
    /// </example>
    public static IClientBuilder AddParameterServerClient(
        this IClientBuilder builder, Action<ParameterServerClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<OpenGateways>();
        builder.Services.TryAddSingleton<IBlockDoors, GatewayDoors>();
        AddClient(builder.Services, configure);
        FrameTransport.Use<ClientMessagingOptions>(builder.Services);
        builder.Services.AddSingleton<ConnectionPatience>();
        builder.Services.AddSingleton<IClientConnectionRetryFilter>(s => s.GetRequiredService<ConnectionPatience>());
        builder.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>, ClientGreeting>();
        builder.Services.AddSingleton<IClusterConnectionStatusObserver>(s => s.GetRequiredService<GatewayWatch>());
        // A gateway that died is left within seconds.
        builder.Services.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        return builder;
    }

    internal static void AddClient(IServiceCollection services, Action<ParameterServerClientOptions>? configure)
    {
        var options = services.AddOptions<ParameterServerClientOptions>();
        if (configure is not null) options.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ClientMetrics>();
        services.TryAddSingleton<GatewayWatch>();
        services.TryAddSingleton(s => new ClusterParameterServer(
            s.GetRequiredService<IGrainFactory>(), Checked(s), EnvironmentOf(s), s.GetRequiredService<GatewayWatch>(), s.GetRequiredService<IBlockDoors>(),
            s.GetService<ILocalBlocks>()));
        services.TryAddSingleton<IParameterServer>(s => s.GetRequiredService<ClusterParameterServer>());
        services.TryAddSingleton<IParameterServerAdmin>(s => s.GetRequiredService<ClusterParameterServer>());
    }

    private static ParameterServerClientOptions Checked(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ParameterServerClientOptions>>().Value;
        options.Validate();
        return options;
    }

    private static SessionEnvironment EnvironmentOf(IServiceProvider services) => new(
        services.GetRequiredService<TimeProvider>(), Random.Shared.Next(), Guid.NewGuid, services.GetRequiredService<ClientMetrics>());
}
