using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansPs.Protocol;

/// <summary>Asks the cluster at the start which service it is.</summary>
internal sealed class ClientGreeting(
    IServiceProvider services, IOptions<ClusterOptions> cluster, IOptions<ParameterServerClientOptions> options)
    : ILifecycleParticipant<IClusterClientLifecycle>
{
    public void Participate(IClusterClientLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(ClientGreeting), ServiceLifecycleStage.Last, GreetAsync, _ => Task.CompletedTask);

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        options.Value.Validate();
        // Only now, for the server is made of the client, which is made of its participants.
        var server = services.GetRequiredService<ClusterParameterServer>();
        var identity = await server.HelloAsync(cancellationToken).ConfigureAwait(false);
        if (identity.ServiceId != cluster.Value.ServiceId)
            throw new InvalidOptionsException("Orleans:ServiceId", cluster.Value.ServiceId,
                $"the silos of cluster '{identity.ClusterId}' serve '{identity.ServiceId}'; set the same here.");
        if (identity.Protocol != ServiceIdentity.Current)
            throw new InvalidOptionsException("Protocol", ServiceIdentity.Current,
                $"the silos speak version {identity.Protocol}; use client and silos of one release.");
    }
}
