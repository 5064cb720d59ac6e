using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OrleansPs.Silo;

/// <summary>Puts the host together: Orleans, the parameter service, health and dashboard.</summary>
internal static partial class SiloHost
{
    // What a shutdown takes beyond the time that blocks have to move.
    private static readonly TimeSpan ShutdownMargin = TimeSpan.FromSeconds(15);

    // The settings lie beside the program, wherever it was started from.
    public static WebApplicationBuilder CreateBuilder() => WebApplication.CreateBuilder(
        new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = typeof(SiloHost).Assembly.GetName().Name });

    /// <summary>Checks the configuration and completes it.</summary>
    /// <returns>What is wrong with it, a sentence each.</returns>
    public static IReadOnlyList<string> Configure(WebApplicationBuilder builder)
    {
        var problems = SiloConfiguration.Check(builder.Configuration, ProviderCatalog.OfThisBuild());
        if (problems.Count > 0) return problems;
        builder.Configuration.AddInMemoryCollection(SiloEndpoints.Complete(builder.Configuration, KubernetesHosting.IsInPod));
        return [.. SiloEndpoints.CheckFree(builder.Configuration)];
    }

    public static WebApplication Build(WebApplicationBuilder builder, StartProgress progress)
    {
        var access = DashboardAccess.Of(builder.Environment, builder.Configuration);
        builder.Services.AddSingleton(progress);
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(progress);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout(builder.Configuration));
        builder.Logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        builder.UseOrleans(silo =>
        {
            KubernetesHosting.AddIfInPod(silo);
            silo.AddParameterServer(options => builder.Configuration.GetSection(SiloKeys.Section).Bind(options));
            access.Add(silo);
        });
        HealthEndpoints.Add(builder.Services, SiloConfiguration.StorageName(builder.Configuration));

        var app = builder.Build();
        HealthEndpoints.Map(app);
        access.Map(app);
        return app;
    }

    /// <summary>Says in the log where the silo listens.</summary>
    public static void Announce(WebApplication app)
    {
        var cluster = app.Services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        var silo = app.Services.GetRequiredService<ILocalSiloDetails>();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SiloHost).Namespace!);
        LogActive(logger, silo.Name, cluster.ClusterId, silo.SiloAddress.Endpoint.ToString(),
            silo.GatewayAddress?.Endpoint.ToString(), string.Join(", ", app.Urls));
        if (DashboardAccess.Of(app.Environment, app.Configuration).Hint is { } hint) LogDashboard(logger, hint);
    }

    /// <summary>How long a shutdown may take; then it is broken off.</summary>
    public static TimeSpan ShutdownTimeout(IConfiguration configuration) => ShutdownMargin +
        SiloConfiguration.Duration(configuration, SiloKeys.DrainTimeout, new Grains.ParameterServerOptions().DrainTimeout);

    [LoggerMessage(LogLevel.Information, "Silo {Name} of cluster {Cluster} is active: silo on {Silo}, gateway on {Gateway}, http on {Http}.")]
    private static partial void LogActive(ILogger logger, string name, string cluster, string silo, string? gateway, string http);

    [LoggerMessage(LogLevel.Information, "{Hint}")]
    private static partial void LogDashboard(ILogger logger, string hint);
}
