using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.Providers;
using OrleansPs.Protocol;

[assembly: RegisterProvider("Directory", "Clustering", "Client", typeof(DirectoryClientProviderBuilder))]

namespace OrleansPs.Protocol;

/// <summary>Lets a configuration choose the directory: <c>Orleans:Clustering:ProviderType</c> = Directory, and <c>:Directory</c>.</summary>
internal sealed class DirectoryClientProviderBuilder : IProviderBuilder<IClientBuilder>
{
    public void Configure(IClientBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseDirectoryClustering(configurationSection["Directory"] ?? "");
}
