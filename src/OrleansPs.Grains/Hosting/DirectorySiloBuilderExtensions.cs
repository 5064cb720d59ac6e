using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansPs.Grains;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>What a cluster on one machine needs, in a directory: no other service has to be installed.</summary>
public static class DirectorySiloBuilderExtensions
{
    /// <summary>
    /// Lets the silos that use the same directory find each other. Any of them may die, the first one included. A silo of another
    /// service id than the cluster's is refused at its start.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="directory">See <see cref="DirectoryClusteringOptions.Directory"/>.</param>
    public static ISiloBuilder UseDirectoryClustering(this ISiloBuilder builder, string directory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<DirectoryClusteringOptions>(options => options.Directory = directory);
        builder.Services.AddSingleton<IMembershipTable, DirectoryMembershipTable>();
        builder.Services.AddSingleton<IConfigurationValidator>(
            services => new Check(() => services.GetRequiredService<IOptions<DirectoryClusteringOptions>>().Value.Validate()));
        return builder;
    }

    /// <summary>Keeps grain states in a directory, one file each. All silos must see it.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The storage's name.</param>
    /// <param name="directory">See <see cref="DirectoryGrainStorageOptions.Directory"/>.</param>
    public static ISiloBuilder AddDirectoryGrainStorage(this ISiloBuilder builder, string name, string directory) =>
        builder.AddDirectoryGrainStorage(name, storage => storage.Configure(options => options.Directory = directory));

    /// <summary>Keeps grain states in a directory, one file each. All silos must see it.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The storage's name.</param>
    /// <param name="configure">Sets the options.</param>
    public static ISiloBuilder AddDirectoryGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<DirectoryGrainStorageOptions>> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var services = builder.Services;
        configure(services.AddOptions<DirectoryGrainStorageOptions>(name));
        services.TryAddEnumerable(ServiceDescriptor.Transient<IPostConfigureOptions<DirectoryGrainStorageOptions>,
            DefaultStorageProviderSerializerOptionsConfigurator<DirectoryGrainStorageOptions>>());
        services.AddGrainStorage(name, StorageOf);
        services.AddSingleton<IConfigurationValidator>(s => new Check(() => OptionsOf(s, name).FullPath(name)));
        return builder;
    }

    private static DirectoryGrainStorage StorageOf(IServiceProvider services, string name)
    {
        var options = OptionsOf(services, name);
        var root = Path.Combine(options.FullPath(name), "storage");
        var serviceId = services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
        return new(new(root, serviceId), options.GrainStorageSerializer, services.GetRequiredService<IActivatorProvider>());
    }

    private static DirectoryGrainStorageOptions OptionsOf(IServiceProvider services, string name) =>
        services.GetRequiredService<IOptionsMonitor<DirectoryGrainStorageOptions>>().Get(name);

    private sealed class Check(Action check) : IConfigurationValidator
    {
        public void ValidateConfiguration() => check();
    }
}
