using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using OrleansPs.Protocol;

namespace OrleansPs.Tools;

/// <summary>A tool's connection to a cluster. It ends when it is disposed.</summary>
internal sealed class ClusterConnection : IAsyncDisposable
{
    private static readonly TimeSpan s_stopTimeout = TimeSpan.FromSeconds(5);
    private readonly IHost _host;

    private ClusterConnection(IHost host)
    {
        _host = host;
        Server = host.Services.GetRequiredService<IParameterServer>();
        Admin = host.Services.GetRequiredService<IParameterServerAdmin>();
    }

    public IParameterServer Server { get; }

    public IParameterServerAdmin Admin { get; }

    /// <summary>Connects.</summary>
    /// <exception cref="ParameterServerException">It is not possible; the message says why, in one sentence.</exception>
    public static async Task<ClusterConnection> OpenAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var configuration = settings.ToConfiguration(Environment.CurrentDirectory);
        var gateways = new List<IPEndPoint>();
        foreach (var gateway in settings.Gateways) gateways.AddRange(await gateway.ResolveAsync(cancellationToken).ConfigureAwait(false));
        IHost? host = null;
        try
        {
            host = Build(settings, configuration, [.. gateways]);
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return new(host);
        }
        catch (Exception e)
        {
            host?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw ConnectionFailure.Of(e, settings, configuration);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(s_stopTimeout);
        try
        {
            await _host.StopAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The silo is gone, or slow: nothing is lost by leaving without a farewell.
        }
        _host.Dispose();
    }

    private static IHost Build(ConnectionSettings settings, ConfigurationManager configuration, IPEndPoint[] gateways)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new() { Configuration = configuration, DisableDefaults = true });
        // Signals are the tool's own business.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        // A gateway that swallows packets must not outlast the timeout by much.
        builder.Services.Configure<ConnectionOptions>(o => o.OpenConnectionTimeout =
            o.OpenConnectionTimeout < settings.ConnectTimeout ? o.OpenConnectionTimeout : settings.ConnectTimeout);
        if (settings.Verbose) builder.Logging.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseOrleansClient(client =>
        {
            if (gateways.Length > 0) client.UseStaticClustering(gateways);
            client.AddParameterServerClient(o => o.ConnectTimeout = settings.ConnectTimeout);
        });
        return builder.Build();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
