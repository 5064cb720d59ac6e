using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansPs.Protocol;

/// <summary>Lets a client look for a gateway for a bounded time, and then say in one sentence that there is none.</summary>
internal sealed class ConnectionPatience(
    IOptions<ParameterServerClientOptions> options, IOptions<ClusterOptions> cluster, TimeProvider time) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);
    private readonly long _start = time.GetTimestamp();

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_start) >= options.Value.ConnectTimeout) throw Nobody(exception);
        await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private ServerUnavailableException Nobody(Exception inner) => new(string.Create(CultureInfo.InvariantCulture,
        $"No silo of cluster '{cluster.Value.ClusterId}' answered within {options.Value.ConnectTimeout.TotalSeconds:0} s: " +
        $"start one, or check Orleans:ClusterId and Orleans:Clustering of this client ({FirstLine(inner.Message)})"), inner);

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}
