using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;
using OrleansPs;
using OrleansPs.Grains;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>What a cluster on one machine needs, in a directory: no other service has to be installed.</summary>
public static class DirectorySiloBuilderExtensions
{
    /// <summary>Lets the silos that use the same directory find each other. Any of them may die, the first one included.</summary>
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
    public static ISiloBuilder AddDirectoryGrainStorage(this ISiloBuilder builder, string name, string directory)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<DirectoryGrainStorageOptions>(name, options => options.Directory = directory);
        builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new DirectoryGrainStorage(
            MembershipFile.Expand(DirectoryOf(services, name)), services.GetRequiredService<IGrainStorageSerializer>()));
        builder.Services.AddSingleton<IConfigurationValidator>(services => new Check(() => DirectoryOf(services, name)));
        return builder;
    }

    private static string DirectoryOf(IServiceProvider services, string name)
    {
        var directory = services.GetRequiredService<IOptionsMonitor<DirectoryGrainStorageOptions>>().Get(name).Directory;
        return !string.IsNullOrWhiteSpace(directory) ? directory : throw new InvalidOptionsException(
            $"Orleans:GrainStorage:{name}:Directory", directory, "it must name a directory that all silos see.");
    }

    private sealed class Check(Action check) : IConfigurationValidator
    {
        public void ValidateConfiguration() => check();
    }
}
