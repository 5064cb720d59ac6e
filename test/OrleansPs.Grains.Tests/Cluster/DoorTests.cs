using Microsoft.Extensions.DependencyInjection;
using OrleansPs.Core.Messages;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>Silos' doors, reached by a client through its gateways.</summary>
public sealed class DoorTests : IAsyncLifetime
{
    private static readonly ModelSpec s_spec = new("doors")
    {
        Parameters = [.. Enumerable.Range(0, 12).Select(i => new DenseParameter($"p{i}", [1024]))],
        Optimizer = Optimizer.Sum(), Consistency = ConsistencyPolicy.Asynchronous, BlockBytes = 4096,
    };

    private TestCluster _cluster = null!;

    private IBlockDoors Doors => _cluster.Orleans.Client.ServiceProvider.GetRequiredService<IBlockDoors>();

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(2);
        await _cluster.Connect().CreateModelAsync(s_spec);
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Each_door_is_of_the_silo_that_it_is_looked_up_by()
    {
        foreach (var silo in await SilosAsync()) Assert.Equal(silo, await (await DoorAsync(silo)).Silo());
        Assert.True(Doors.SaveHops);
    }

    /// <summary>Large requests travel alone, and would go through any gateway: so they look for doors too.</summary>
    [Fact]
    public async Task Doors_are_found_where_there_are_large_blocks_alone()
    {
        await using var server = _cluster.Connect();
        await server.CreateModelAsync(new("large")
        {
            Parameters = [new("w", [1 << 16])], Optimizer = Optimizer.Sum(), Consistency = ConsistencyPolicy.Asynchronous,
        });
        await using var worker = await server.JoinAsync("large", 0);
        var values = TensorSet.For(worker.Spec);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        while (Known() < 2) await worker.PullAsync(values, limit.Token);

        // Without asking: who asks looks for them.
        int Known() => ((GatewayDoors)Doors).Known;
    }

    [Fact]
    public void Gateways_are_those_of_Orleans_own_list()
    {
        var open = OpenGateways.Find(_cluster.Orleans.Client.ServiceProvider);
        Assert.NotNull(open);
        Assert.All(_cluster.Orleans.Silos, silo => Assert.True(open(SiloAddress.New(silo.GatewayAddress.Endpoint, 0))));
        Assert.False(open(SiloAddress.New(_cluster.Orleans.Silos[0].SiloAddress.Endpoint, 0)));
    }

    [Fact]
    public async Task A_door_passes_on_requests_to_any_silos_blocks_and_one_that_is_wrong_fails_alone()
    {
        var places = await PlacesAsync();
        var header = new MessageHeader { Generation = 1, Rank = -1 };
        var door = await DoorAsync(BlockKey.SiloOf(places[0].Key));
        var requests = places.Select(p => new BlockRequest(p.Key, BlockRequestKind.Pull, header with { Epoch = p.Epoch }, null, null, [0])).ToList();
        requests.Insert(1, requests[0] with { Segments = [7] });
        requests.Insert(2, requests[0] with { Kind = (BlockRequestKind)9 });
        requests.Insert(3, requests[0] with { Key = null! });

        var answers = await door.Exchange([.. requests]);

        Assert.Equal(requests.Count, answers.Length);
        Assert.Equal([1, 2, 3], answers.Index().Where(a => a.Item.Failure is not null).Select(a => a.Index));
        Assert.All(answers[1..4], answer => Assert.IsType<ArgumentException>(answer.Failure));
        Assert.All(answers.Where(a => a.Failure is null), answer =>
        {
            // The test knows no generation: what matters is who answers.
            Assert.True(answer.Reply.Status is BlockStatus.Ok or BlockStatus.OtherGeneration, answer.Reply.ToString());
            answer.Values?.Dispose();
        });
    }

    [Fact]
    public async Task Small_blocks_are_pushed_and_pulled_through_doors()
    {
        foreach (var silo in await SilosAsync()) await DoorAsync(silo);
        await using var worker = await _cluster.Connect().JoinAsync(s_spec.Name, 0);
        TensorSet gradients = [], values = [];
        foreach (var (i, parameter) in s_spec.Parameters.Index())
        {
            gradients.Add(parameter.Name, Enumerable.Repeat((float)i, 1024).ToArray());
            values.Add(parameter.Name, new float[1024]);
        }
        for (var n = 0; n < 3; n++) await worker.PushAsync(gradients);
        await worker.PullAsync(values);
        Assert.All(values.Index(), tensor => Assert.All(tensor.Item.Value.ToArray(), value => Assert.Equal(3f * tensor.Index, value)));
        await worker.PushPullAsync(gradients, values);
        Assert.All(values.Index(), tensor => Assert.All(tensor.Item.Value.ToArray(), value => Assert.Equal(4f * tensor.Index, value)));
    }

    private async Task<BlockPlace[]> PlacesAsync() =>
        (await _cluster.Grains.GetGrain<ICoordinatorGrain>(s_spec.Name).Map()).Get().Places;

    private async Task<IReadOnlyList<string>> SilosAsync()
    {
        var silos = (await PlacesAsync()).Select(place => BlockKey.SiloOf(place.Key)).Distinct().ToArray();
        Assert.Equal(2, silos.Length);
        return silos;
    }

    // They are looked for when they are asked for.
    private async Task<IBlockDoor> DoorAsync(string silo)
    {
        while (true)
        {
            if (Doors.Of(silo) is { } door) return door;
            await Task.Yield();
        }
    }
}
