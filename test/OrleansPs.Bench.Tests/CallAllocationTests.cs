using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Conformance;
using OrleansPs.Grains;
using OrleansPs.Protocol;
using Xunit.Abstractions;

namespace OrleansPs.Bench.Tests;

/// <summary>
/// What a call over a socket allocates on client and silo together, Orleans' own messages and calls included: a budget that does not grow with the numbers it moves.
/// Alone in the process while it measures: the count of allocated bytes is the whole process's.
/// </summary>
[CollectionDefinition(nameof(CallAllocationTests), DisableParallelization = true)]
[Collection(nameof(CallAllocationTests))]
public sealed class CallAllocationTests(ITestOutputHelper output) : IDisposable
{
    private const int Calls = 2_000;
    private const int CallsOfAStep = 500;
    private const int MaxBytesPerCall = 4_096;

    // Of two thousand calls: another thread's share of a pool may lack a buffer.
    private const int MaxNewBuffers = 16;

    private readonly TempDirectory _directory = new();

#if DEBUG
    private const string? Unoptimized = "An unoptimized build allocates the state machine of every asynchronous call.";
#else
    private const string? Unoptimized = null;
#endif

    [Theory(Skip = Unoptimized)]
    [InlineData(1 << 10)]
    [InlineData(1 << 14)]
    [InlineData(1 << 18)]
    public async Task A_call_to_one_block_allocates_no_more_than_its_messages(int floats)
    {
        using var silo = Silo();
        await silo.StartAsync();
        using var client = Client();
        await client.StartAsync();
        var server = client.Services.GetRequiredService<IParameterServer>();
        await server.CreateModelAsync(new("measured")
        {
            Parameters = [new("w", [floats])], Optimizer = Optimizer.Sgd(lr: 0.1), Consistency = ConsistencyPolicy.Asynchronous,
            PushesPerStep = CallsOfAStep, Durability = DurabilityPolicy.Snapshot(),
        });
        await using (var worker = await server.JoinAsync("measured", 0))
        {
            var (gradients, values) = (TensorSet.For(worker.Spec), TensorSet.For(worker.Spec));
            await AssertBudgetAsync("push", worker, () => worker.PushAsync(gradients), floats);
            await AssertBudgetAsync("pull", worker, () => worker.PullAsync(values), floats);
            await AssertBudgetAsync("push-pull", worker, () => worker.PushPullAsync(gradients, values), floats);
        }
        await client.StopAsync();
        await silo.StopAsync();
    }

    public void Dispose() => _directory.Dispose();

    private async Task AssertBudgetAsync(string what, IParameterWorker worker, Func<ValueTask> call, int floats)
    {
        await RunAsync(worker, call);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync(worker, call);
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        output.WriteLine($"{what}: {bytes / (double)Calls:F0} bytes a call");
        Assert.InRange(bytes, 0, ((long)Calls * MaxBytesPerCall) + ((long)MaxNewBuffers * floats * sizeof(float)));
    }

    private static async Task RunAsync(IParameterWorker worker, Func<ValueTask> call)
    {
        for (var n = 1; n <= Calls; n++)
        {
            await call();
            if (n % CallsOfAStep == 0) await worker.ClockAsync(worker.Position.Step + 1);
        }
    }

    private IHost Silo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(Name)
            .ConfigureEndpoints(IPAddress.Loopback, Ports.Free(), Ports.Free())
            .UseDirectoryClustering(_directory.FullPath)
            .AddDirectoryGrainStorage(ParameterServerOptions.DefaultStorageName, _directory.FullPath)
            .AddParameterServer());
        return builder.Build();
    }

    private IHost Client()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client => client.Configure<ClusterOptions>(Name).UseDirectoryClustering(_directory.FullPath).AddParameterServerClient());
        return builder.Build();
    }

    private static void Name(ClusterOptions options) => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps");
}
