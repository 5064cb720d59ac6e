using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.Providers;
using OrleansPs.Grains;

[assembly: RegisterProvider("Directory", "Clustering", "Silo", typeof(DirectorySiloClusteringBuilder))]
[assembly: RegisterProvider("Directory", "GrainStorage", "Silo", typeof(DirectoryGrainStorageBuilder))]

namespace OrleansPs.Grains;

/// <summary>Lets a configuration choose the directory: <c>Orleans:Clustering:ProviderType</c> = Directory, and <c>:Directory</c>.</summary>
internal sealed class DirectorySiloClusteringBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseDirectoryClustering(configurationSection["Directory"] ?? "");
}

/// <summary>The same for <c>Orleans:GrainStorage:NAME</c>.</summary>
internal sealed class DirectoryGrainStorageBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddDirectoryGrainStorage(name!, configurationSection["Directory"] ?? "");
}
