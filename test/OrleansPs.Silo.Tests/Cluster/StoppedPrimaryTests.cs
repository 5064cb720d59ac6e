using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Core.Messages;
using OrleansPs.Protocol;
using Xunit.Abstractions;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>
/// A silo that is stopped until it is declared dead, and then goes on, still believes that it holds primaries. Whoever asks it then, by its
/// own gateway and the old map, is acknowledged nothing and told nothing.
/// </summary>
public sealed class StoppedPrimaryTests(ITestOutputHelper output) : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(3));
    private readonly ConcurrentDictionary<(string Call, string Answer), int> _answers = new();

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [UnixFact]
    public async Task A_primary_that_comes_back_from_the_dead_acknowledges_and_answers_nothing()
    {
        await using var cluster = await ProcessCluster.StartAsync(3);
        cluster.Report = output.WriteLine;
        var spec = Ledger.Spec("stopped", ConsistencyPolicy.Asynchronous, workers: 2, parameters: 6, DurabilityPolicy.Replicated()) with { MaxWorkers = 3 };
        await using var training = await Training.StartAsync(cluster.Server, spec, Limit);
        await ReplicationTests.AwaitStandbysAsync(cluster, spec.Name);
        await training.AwaitStepsAsync(2);

        var map = (await cluster.Grains.GetGrain<ICoordinatorGrain>(spec.Name).Map()).Get();
        var stopped = cluster.SiloAt((await cluster.Admin.ListBlocksAsync(spec.Name, Limit))[0].Silo);
        var blocks = (await cluster.Admin.ListBlocksAsync(spec.Name, Limit)).Where(b => cluster.SiloAt(b.Silo) == stopped).Select(b => b.Block).ToArray();
        using var old = await ConnectToAsync(stopped);
        await stopped.PauseAsync();
        // All of these come to the silo while it stands still, and are answered when it goes on.
        using var stop = new CancellationTokenSource();
        var asking = Task.WhenAll(blocks.SelectMany(b => new[] { AskAsync(old, map, b, isPush: true, stop.Token), AskAsync(old, map, b, isPush: false, stop.Token) }));
        var gap = await training.AwaitStepsAsync(1);
        output.WriteLine($"workers went on {gap.TotalSeconds:0.00} s after the silo of {blocks.Length} primaries was stopped");
        await AwaitElsewhereAsync(cluster, spec.Name, stopped);

        await stopped.ResumeAsync();
        await training.AwaitStepsAsync(20);
        await stop.CancelAsync();
        await asking;
        foreach (var (what, count) in _answers) output.WriteLine($"{what.Call}: {what.Answer} {count} times");

        Assert.DoesNotContain(_answers.Keys, a => a.Answer is nameof(BlockStatus.Ok) or nameof(BlockStatus.Duplicate));
        await training.StopAsync();
        Assert.Equal(0, training.RestoredCut);
        await Ledger.RequireAsync(cluster.Server, spec, training.Cursors, Limit);
    }

    private async Task AskAsync(IHost old, BlockMap map, int block, bool isPush, CancellationToken stop)
    {
        var grain = old.Services.GetRequiredService<IGrainFactory>().GetGrain<IBlockGrain>(map.Places[block].Key);
        var header = new MessageHeader { Generation = map.Generation, Term = map.Term, Epoch = map.Places[block].Epoch, Rank = 2, Clock = 0 };
        for (var step = 0; !stop.IsCancellationRequested; step++)
        {
            string answer;
            try
            {
                answer = (isPush
                    ? await grain.Push(header with { Step = step }, null, Nothing()).AsTask().WaitAsync(TimeSpan.FromSeconds(20), stop)
                    : (await grain.Pull(header, null, [0]).AsTask().WaitAsync(TimeSpan.FromSeconds(20), stop)).Reply).Status.ToString();
            }
            catch (Exception e)
            {
                answer = e.GetType().Name;
                await Task.Delay(100, CancellationToken.None);
            }
            _answers.AddOrUpdate((isPush ? "push" : "pull", answer), 1, (_, n) => n + 1);
        }
    }

    // Of no numbers, so that one that counted would not change the ledger.
    private static TensorPayload Nothing() => TensorPayload.CopyOf([]);

    private async Task AwaitElsewhereAsync(ProcessCluster cluster, string model, SiloProcess stopped)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await cluster.Admin.ListBlocksAsync(model, Limit)).Any(b => cluster.SiloAt(b.Silo) == stopped)
            || (await cluster.Admin.ListSilosAsync(Limit)).Any(s => cluster.SiloAt(s.Address) == stopped))
            await looks.WaitForNextTickAsync(Limit);
    }

    private static async Task<IHost> ConnectToAsync(SiloProcess silo)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps"));
            client.UseStaticClustering(new IPEndPoint(IPAddress.Loopback, silo.Settings.GatewayPort));
            client.AddParameterServerClient();
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
