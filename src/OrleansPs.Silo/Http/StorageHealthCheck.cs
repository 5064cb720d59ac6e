using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansPs.Silo;

/// <summary>Whether the storage answers a read of a state that nobody writes.</summary>
internal sealed class StorageHealthCheck(IServiceProvider services, string storage, TimeSpan timeout) : IHealthCheck
{
    private static readonly GrainId Nobody = GrainId.Create("orleansps-health", "nobody");

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            // Storage takes no token: a read that hangs is left behind.
            var read = services.GetRequiredKeyedService<IGrainStorage>(storage).ReadStateAsync("health", Nobody, new GrainState<HealthState>());
            await read.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            return HealthCheckResult.Healthy();
        }
        catch (TimeoutException e)
        {
            return HealthCheckResult.Unhealthy($"no answer within {timeout.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("it can't be read, see the log", e);
        }
    }
}

/// <summary>A state without content.</summary>
[GenerateSerializer]
internal sealed class HealthState;
