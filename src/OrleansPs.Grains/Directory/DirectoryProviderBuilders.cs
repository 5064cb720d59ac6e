using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Providers;
using Orleans.Storage;
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

/// <summary>The same for <c>Orleans:GrainStorage:NAME</c>, with <c>:SerializerKey</c> as Orleans' own providers have it.</summary>
internal sealed class DirectoryGrainStorageBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddDirectoryGrainStorage(name!, storage => storage.Configure<IServiceProvider>((options, services) =>
        {
            options.Directory = configurationSection["Directory"] ?? "";
            if (configurationSection["SerializerKey"] is { Length: > 0 } key)
                options.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(key);
        }));
}
