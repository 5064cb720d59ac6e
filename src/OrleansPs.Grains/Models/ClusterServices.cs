using Microsoft.Extensions.Logging;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>What the coordinators of a silo share.</summary>
internal sealed record ClusterServices(
    IGrainFactory Grains, SiloView Silos, SiloStorage Storage, ModelsOfSilo Models, TimeProvider Time, ILoggerFactory Loggers,
    ParameterServerOptions Options, SiloPulse Pulse)
{
    public ServerMetrics Metrics => Models.Metrics;
}

/// <summary>The models whose coordinators are on this silo, for its instruments.</summary>
internal sealed class ModelsOfSilo : IDisposable
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<ModelHost, bool> _hosts = new();

    public ModelsOfSilo() => Metrics = new(() => _hosts.Keys);

    public ServerMetrics Metrics { get; }

    public void Add(ModelHost host) => _hosts[host] = true;

    public void Remove(ModelHost host) => _hosts.TryRemove(host, out _);

    public void Dispose() => Metrics.Dispose();
}
