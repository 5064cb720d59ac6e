using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>Tells a client which silos of a directory can be called.</summary>
internal sealed class DirectoryGatewayListProvider(
    IOptions<DirectoryClusteringOptions> options, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> gateways) : IGatewayListProvider
{
    private string _path = "";

    public TimeSpan MaxStaleness => gateways.Value.GatewayListRefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider()
    {
        options.Value.Validate();
        _path = MembershipFile.PathOf(MembershipFile.Expand(options.Value.Directory), cluster.Value.ClusterId);
        return Task.CompletedTask;
    }

    public Task<IList<Uri>> GetGateways() => Task.FromResult<IList<Uri>>(
        [.. MembershipFile.Read(_path).Silos.Where(s => s.Status == (int)SiloStatus.Active && s.GatewayPort > 0)
            .Select(s => SiloAddress.New(s.Gateway, s.Silo.Generation).ToGatewayUri())]);
}
