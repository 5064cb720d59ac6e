using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Messaging;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>Lets a client find silos by a directory.</summary>
public static class DirectoryClusteringClientExtensions
{
    /// <summary>Finds the silos that use the same directory. They may start later than the client.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="directory">See <see cref="DirectoryClusteringOptions.Directory"/>.</param>
    public static IClientBuilder UseDirectoryClustering(this IClientBuilder builder, string directory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<DirectoryClusteringOptions>(options => options.Directory = directory);
        builder.Services.AddSingleton<IGatewayListProvider, DirectoryGatewayListProvider>();
        builder.Services.AddSingleton<IConfigurationValidator, Check>();
        return builder;
    }

    private sealed class Check(IOptions<DirectoryClusteringOptions> options) : IConfigurationValidator
    {
        public void ValidateConfiguration() => options.Value.Validate();
    }
}
