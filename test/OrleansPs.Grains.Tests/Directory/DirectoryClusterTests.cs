using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

/// <summary>Real silos and a real client that have nothing but a directory.</summary>
public sealed class DirectoryClusterTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_cluster_outlives_its_first_silo_and_so_does_a_client()
    {
        using var first = Silo("first");
        await first.StartAsync().WaitAsync(s_limit);
        using var client = Client();
        await client.StartAsync().WaitAsync(s_limit);
        var note = client.Services.GetRequiredService<IGrainFactory>().GetGrain<INoteGrain>("a/b@c");
        await note.WriteAsync(new Thing { Name = "kept", Number = 7 });
        Assert.Equal("first", await note.WhereAsync());

        using var second = Silo("second");
        await second.StartAsync().WaitAsync(s_limit);
        Assert.Equal(["first", "second"], await ActiveAsync(client, 2));

        await first.StopAsync().WaitAsync(s_limit);

        Assert.Equal("second", await RetryAsync(note.WhereAsync));
        Assert.Equal(new Thing { Name = "kept", Number = 7 }, await note.ReadAsync());
        await note.WriteAsync(new Thing { Name = "changed" });
        Assert.Equal(["second"], await ActiveAsync(client, 1));

        // What came second is enough for others to come to.
        using var third = Silo("third");
        await third.StartAsync().WaitAsync(s_limit);
        Assert.Equal(["second", "third"], await ActiveAsync(client, 2));
        await client.StopAsync().WaitAsync(s_limit);
    }

    [Fact]
    public async Task A_silo_of_another_service_does_not_start()
    {
        using var first = Silo("first");
        await first.StartAsync().WaitAsync(s_limit);
        using var second = Silo("second", "another");

        var error = await Assert.ThrowsAnyAsync<Exception>(() => second.StartAsync().WaitAsync(s_limit));

        while (error is not InvalidOptionsException && error.InnerException is { } inner) error = inner;
        Assert.Equal("Orleans:ServiceId", Assert.IsType<InvalidOptionsException>(error).Parameter);
    }

    private IHost Silo(string name, string serviceId = "service")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleans(silo =>
        {
            var ports = FreePorts();
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("cluster", serviceId));
            silo.ConfigureEndpoints(IPAddress.Loopback, ports[0], ports[1]);
            silo.UseDirectoryClustering(_directory.FullPath);
            silo.AddDirectoryGrainStorage("notes", _directory.FullPath);
        });
        return builder.Build();
    }

    private IHost Client()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("cluster", "service"));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(3));
            client.UseDirectoryClustering(_directory.FullPath);
        });
        return builder.Build();
    }

    private static async Task<string[]> ActiveAsync(IHost client, int count)
    {
        var management = client.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        return await RetryAsync(async () =>
        {
            var silos = await management.GetDetailedHosts(onlyActive: true);
            return silos.Length == count ? silos.Select(s => s.SiloName).Order().ToArray() : throw new TimeoutException($"{silos.Length} are active.");
        });
    }

    // Whoever called the silo that went hears of it only by and by.
    private static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        var end = DateTime.UtcNow + s_limit;
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is TimeoutException or OrleansException or SocketException && DateTime.UtcNow < end)
            {
                await Task.Delay(50);
            }
        }
    }

    private static int[] FreePorts()
    {
        var listeners = new[] { new TcpListener(IPAddress.Loopback, 0), new TcpListener(IPAddress.Loopback, 0) };
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Dispose();
        return ports;
    }
}
