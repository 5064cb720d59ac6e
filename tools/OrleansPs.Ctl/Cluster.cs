using OrleansPs.Protocol;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary>What commands work on.</summary>
/// <param name="Server">What a training job asks.</param>
/// <param name="Admin">What an operator asks.</param>
/// <param name="Connection">Ends when the command ends; null where nothing does.</param>
internal sealed record Cluster(IParameterServer Server, IParameterServerAdmin Admin, IAsyncDisposable? Connection) : IAsyncDisposable
{
    public static async Task<Cluster> ConnectAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var connection = await ClusterConnection.OpenAsync(settings, cancellationToken).ConfigureAwait(false);
        return new(connection.Server, connection.Admin, connection);
    }

    public ValueTask DisposeAsync() => Connection?.DisposeAsync() ?? default;
}
