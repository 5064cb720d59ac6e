using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Services;
using Orleans.Storage;
using OrleansPs;
using OrleansPs.Grains;
using OrleansPs.Protocol;

namespace Orleans.Hosting;

/// <summary>Adds the parameter service to a silo.</summary>
public static class ParameterServerSiloBuilderExtensions
{
    /// <summary>
    /// Lets the silo hold blocks and coordinators of models. It needs a grain storage named
    /// <see cref="ParameterServerOptions.StorageName"/>; the serializer with the key <c>OrleansPs</c> keeps snapshots there as
    /// the bytes they are.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Changes the options; null for the defaults.</param>
    /// <remarks>
    /// Cluster membership is set to notice a silo that does not answer within seconds: one that stands still for less than 2 s stays, one that
    /// does for more than 6 s is declared dead; configure
    /// <see cref="ClusterMembershipOptions"/> after this call to change that. Inside the silo's process the service can be used as
    /// <see cref="IParameterServer"/> too: its sessions reach the silo's own blocks directly, without a message or a copy. Orleans' own connections give way to ones that carry large messages in one piece, as in
    /// <see cref="ParameterServerClientBuilderExtensions.AddParameterServerClient"/>.
    /// </remarks>
    public static ISiloBuilder AddParameterServer(this ISiloBuilder builder, Action<ParameterServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<ParameterServerOptions>();
        if (configure is not null) options.Configure(configure);
        services.AddSingleton<IConfigurationValidator, ParameterServerValidator>();
        services.TryAddSingleton(s => s.GetRequiredService<IOptions<ParameterServerOptions>>().Value);
        services.TryAddKeyedSingleton<IGrainStorageSerializer, StoredBytesSerializer>(StoredBytesSerializer.Key);
        services.TryAddSingleton(StorageOf);
        services.TryAddSingleton<SpecCache>();
        services.TryAddSingleton<LocalBlocks>();
        services.TryAddSingleton<ILocalBlocks>(s => s.GetRequiredService<LocalBlocks>());
        services.TryAddSingleton<SpecLimits>();
        services.TryAddSingleton<ModelsOfSilo>();
        services.TryAddSingleton(s => new SiloView(s.GetRequiredService<IClusterMembershipService>(), s.GetRequiredService<ILocalSiloDetails>()));
        services.TryAddSingleton(ServicesOf);
        builder.AddGrainDirectory(PlaceDirectory.Name, (s, _) => new PlaceDirectory(
            s.GetRequiredService<SiloStorage>(), s.GetRequiredService<IClusterMembershipService>()));
        services.TryAddSingleton<SiloPulse>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<SiloPulse>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloLife>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, PeerWatcher>();
        services.AddSingleton<IGrainService>(s => ActivatorUtilities.CreateInstance<BlockDoor>(s));
        services.TryAddSingleton<IBlockDoors, SiloDoors>();
        ParameterServerClientBuilderExtensions.AddClient(services, null);
        FrameTransport.Use<SiloMessagingOptions>(services);
        services.Configure<ClusterMembershipOptions>(NoticeWithinSeconds);
        return builder;
    }

    /// <summary>
    /// A silo that is silent counts as dead after four probes that were not answered, and not before it has sent nothing at all for 4 s
    /// (<see cref="ClusterMembershipOptions.MaxProbeTimeout"/> times <see cref="ClusterMembershipOptions.NumMissedProbesLimit"/>).
    /// It says something at least every second, so a pause of less than 2 s is never taken for a death, and one of over 6 s is. Two
    /// silos must say so where there are three, so a broken way between two ends neither. Third parties are not asked: while one silo stands
    /// still none of the others counts as healthy, and their word as nothing.
    /// </summary>
    private static void NoticeWithinSeconds(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(1);
        // Without it a silence has to last for 16 s.
        options.MaxProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 4;
        options.EnableIndirectProbes = false;
        options.ExtendProbeTimeoutDuringDegradation = false;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }

    private static SiloStorage StorageOf(IServiceProvider services)
    {
        var name = services.GetRequiredService<ParameterServerOptions>().StorageName;
        var storage = services.GetRequiredKeyedService<IGrainStorage>(name);
        var serviceId = services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
        var bytes = new ByteStorage(storage, name, serviceId);
        return new(bytes, new(bytes));
    }

    private static ClusterServices ServicesOf(IServiceProvider services) => new(
        services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<SiloView>(), services.GetRequiredService<SiloStorage>(),
        services.GetRequiredService<ModelsOfSilo>(), services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<ParameterServerOptions>(), services.GetRequiredService<SiloPulse>());

    /// <summary>Checks at the start what a silo needs.</summary>
    private sealed class ParameterServerValidator(IServiceProvider services, IOptions<ParameterServerOptions> options) : IConfigurationValidator
    {
        public void ValidateConfiguration()
        {
            options.Value.Validate();
            if (services.GetKeyedService<IGrainStorage>(options.Value.StorageName) is null)
                throw new InvalidOptionsException("Orleans:GrainStorage", options.Value.StorageName,
                    $"no grain storage of this name is configured: set Orleans:GrainStorage:{options.Value.StorageName}:ProviderType, or add one in code.");
        }
    }
}
