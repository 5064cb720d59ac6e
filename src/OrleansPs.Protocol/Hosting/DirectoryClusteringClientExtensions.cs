using Microsoft.Extensions.DependencyInjection;
using Orleans.Messaging;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>Lets a client find silos by a directory.</summary>
public static class DirectoryClusteringClientExtensions
{
    /// <summary>Finds the silos that use the same directory.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="directory">See <see cref="DirectoryClusteringOptions.Directory"/>.</param>
    public static IClientBuilder UseDirectoryClustering(this IClientBuilder builder, string directory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<DirectoryClusteringOptions>(options => options.Directory = directory);
        builder.Services.AddSingleton<IGatewayListProvider, DirectoryGatewayListProvider>();
        return builder;
    }
}
