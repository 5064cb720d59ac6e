using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace OrleansPs.Protocol;

/// <summary>Tells a client which silos of a directory can be called; nobody, while there is no directory.</summary>
internal sealed class DirectoryGatewayListProvider(
    IOptions<DirectoryClusteringOptions> options, IOptions<ClusterOptions> cluster) : IGatewayListProvider
{
    private string _path = "";

    /// <summary>How long a gateway that refused is left alone. The file itself is never out of date.</summary>
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(1);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider()
    {
        _path = MembershipFile.PathOf(options.Value.FullPath, cluster.Value.ClusterId);
        return Task.CompletedTask;
    }

    public Task<IList<Uri>> GetGateways() => Task.Run<IList<Uri>>(() =>
        [.. MembershipFile.Read(_path).Silos.Where(s => s.Status == SiloStatus.Active && s.GatewayPort > 0)
            .Select(s => SiloAddress.New(s.Gateway, s.Silo.Generation).ToGatewayUri())]);
}
