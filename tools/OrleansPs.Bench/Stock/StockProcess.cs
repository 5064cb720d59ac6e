using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>A silo as Orleans ships it, without anything of ours, and what calls it.</summary>
internal static class StockProcess
{
    /// <summary>Is such a silo, until it is ended.</summary>
    public static async Task<int> ServeAsync(int siloPort, int gatewayPort, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(siloPort, gatewayPort));
        using var host = builder.Build();
        await host.RunAsync(stop).ConfigureAwait(false);
        return 0;
    }

    /// <summary>The arguments that make a process of this program such a silo.</summary>
    public static string[] ArgumentsAt(Place place) =>
        ["serve-stock", place.SiloPort.ToString(CultureInfo.InvariantCulture), place.GatewayPort.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Connects to one; it may still be starting.</summary>
    public static async Task<IHost> ConnectAsync(string gateway, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseStaticClustering(IPEndPoint.Parse(gateway))
            .UseConnectionRetryFilter(async (_, token) =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), token).ConfigureAwait(false);
                return true;
            }));
        var host = builder.Build();
        await host.StartAsync(stop).ConfigureAwait(false);
        return host;
    }

    /// <summary>The operations of a row, one at a time.</summary>
    public static Func<CancellationToken, ValueTask> OperationOf(IHost host, BenchRow row)
    {
        var grain = host.Services.GetRequiredService<IClusterClient>().GetGrain<IStockGrain>(row.Floats);
        var gradient = new float[row.Floats];
        Array.Fill(gradient, 1e-6f);
        return async _ =>
        {
            if (row.Operation == Operation.PushPull) await grain.PushPull(gradient).ConfigureAwait(false);
            else if (row.Pushes) await grain.Push(gradient).ConfigureAwait(false);
            if (row.Operation is Operation.Pull or Operation.PushThenPull) await grain.Pull().ConfigureAwait(false);
        };
    }
}
