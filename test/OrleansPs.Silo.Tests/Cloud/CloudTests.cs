using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Protocol;
using OrleansPs.Silo.Tests.Cluster;

namespace OrleansPs.Silo.Tests.Cloud;

/// <summary>A test against a real redis-server and a real Azurite; it is skipped where they, or the providers for them, are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CloudFactAttribute : FactAttribute
{
    public CloudFactAttribute()
    {
        if (new CloudProvidersFactAttribute().Skip is { } reason) Skip = reason;
        else if (!ServiceProcess.IsInstalled("redis-server")) Skip = "redis-server is not installed (Debian's package redis-server).";
        else if (!ServiceProcess.IsInstalled("azurite-blob")) Skip = "Azurite is not installed (npm install -g azurite).";
    }
}

/// <summary>Redis clustering and Azure Blob snapshots, chosen by configuration alone.</summary>
public sealed class CloudTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(4));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [CloudFact]
    public async Task Silos_on_Redis_and_blobs_train_lose_a_silo_and_start_again_from_their_snapshots()
    {
        await using var redis = await ServiceProcess.StartRedisAsync();
        await using var azurite = await ServiceProcess.StartAzuriteAsync();
        var (first, second) = (await StartSiloAsync(redis, azurite), await StartSiloAsync(redis, azurite));
        using var client = await ConnectAsync(first, second);
        var server = client.Services.GetRequiredService<IParameterServer>();
        var spec = Ledger.Spec("clouds", ConsistencyPolicy.BulkSynchronous, workers: 2, parameters: 6, DurabilityPolicy.Snapshot(everyClocks: 5));
        await using var training = await Cluster.Training.StartAsync(server, spec, Limit);
        await AwaitSnapshotAsync(server, 0);

        await first.KillAsync();
        await training.AwaitStepsAsync(2);
        Assert.True(training.RestoredCut > 0);
        await AwaitSnapshotAsync(server, training.RestoredCut);
        var kept = (await server.GetStatusAsync(spec.Name, Limit)).LastSnapshot!.Cut;
        await second.KillAsync();
        await using var third = await StartSiloAsync(redis, azurite, second.Settings);
        await training.AwaitStepsAsync(2);

        Assert.True(training.RestoredCut >= kept);
        await training.StopAsync();
        await Ledger.RequireAsync(server, spec, training.Cursors, Limit);
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [CloudFact]
    public async Task While_the_storage_is_away_training_goes_on_and_the_operator_sees_why_there_is_no_snapshot()
    {
        await using var redis = await ServiceProcess.StartRedisAsync();
        await using var azurite = await ServiceProcess.StartAzuriteAsync();
        await using var silo = await StartSiloAsync(redis, azurite);
        using var client = await ConnectAsync(silo);
        var server = client.Services.GetRequiredService<IParameterServer>();
        var spec = Ledger.Spec("clouds", ConsistencyPolicy.StaleSynchronous(2), workers: 2, parameters: 2, DurabilityPolicy.Snapshot(everyClocks: 5));
        await using var training = await Cluster.Training.StartAsync(server, spec, Limit);
        await AwaitSnapshotAsync(server, 0);

        await azurite.KillAsync();
        await UntilAsync(server, s => s.SnapshotError is not null);
        await training.AwaitStepsAsync(20);
        var before = (await server.GetStatusAsync(spec.Name, Limit)).LastSnapshot!.Cut;
        await azurite.StartAsync();
        await UntilAsync(server, s => s.LastSnapshot!.Cut > before && s.SnapshotError is null);

        await training.StopAsync();
        Assert.Equal(0, training.RestoredCut);
        await Ledger.RequireAsync(server, spec, training.Cursors, Limit);
    }

    private static async Task<SiloProcess> StartSiloAsync(ServiceProcess redis, ServiceProcess azurite, SiloSettings? like = null)
    {
        var settings = (like ?? new()) with
        {
            Configuration = new Dictionary<string, string>
            {
                ["Orleans:Clustering:ProviderType"] = "Redis",
                ["Orleans:Clustering:ConnectionString"] = $"127.0.0.1:{redis.Port}",
                ["Orleans:GrainStorage:OrleansPs:ProviderType"] = "AzureBlobStorage",
                ["Orleans:GrainStorage:OrleansPs:ConnectionString"] = azurite.BlobConnection,
                ["Orleans:GrainStorage:OrleansPs:ContainerName"] = "orleansps",
                ["Orleans:GrainStorage:OrleansPs:SerializerKey"] = "OrleansPs",
            },
        };
        return await SiloProcess.StartAsync(settings);
    }

    private static async Task<IHost> ConnectAsync(params SiloProcess[] silos)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps"));
            client.UseStaticClustering([.. silos.Select(s => new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, s.Settings.GatewayPort))]);
            client.AddParameterServerClient();
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private Task AwaitSnapshotAsync(IParameterServer server, long above) => UntilAsync(server, s => s.LastSnapshot is { } last && last.Cut > above);

    private async Task UntilAsync(IParameterServer server, Func<ModelStatus, bool> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds(await server.GetStatusAsync("clouds", Limit))) await looks.WaitForNextTickAsync(Limit);
    }
}
