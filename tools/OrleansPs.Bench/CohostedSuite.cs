using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Grains;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>
/// Pushes and pulls of one worker in a silo's process, beside a memcpy of as many payload bytes and the same calls of a worker that is connected to the
/// silo over loopback. The latter is in this process too, which spares it nothing but a switch between processes.
/// </summary>
internal static class CohostedSuite
{
    private const int PushesPerStep = 1_000;
    private static readonly TimeSpan s_repetition = TimeSpan.FromMilliseconds(200);

    public static async Task<int> RunAsync(TextWriter output, CancellationToken stop)
    {
        var place = Place.OnLoopback(1)[0];
        using var inside = await StartAsync(host => host.UseOrleans(builder => builder
            .UseLocalhostClustering(place.SiloPort, place.GatewayPort).AddMemoryGrainStorage(ParameterServerOptions.DefaultStorageName)
            .AddParameterServer()), stop).ConfigureAwait(false);
        using var outside = await StartAsync(host => host.UseOrleansClient(builder => builder
            .UseStaticClustering(new IPEndPoint(IPAddress.Loopback, place.GatewayPort)).AddParameterServerClient()), stop).ConfigureAwait(false);
        await output.WriteLineAsync("one worker, one parameter, ASP, SGD, blocks of the default size, one call in flight, medians of 9").ConfigureAwait(false);
        await output.WriteLineAsync("parameter  call            ops/s   GB/s  memcpy GB/s   ratio   B/call   over loopback ops/s   times").ConfigureAwait(false);
        foreach (var floats in (int[])[1 << 10, 1 << 14, 1 << 18, 1 << 22])
            await MeasureAsync(inside, outside, floats, output).ConfigureAwait(false);
        await outside.StopAsync(stop).ConfigureAwait(false);
        await inside.StopAsync(stop).ConfigureAwait(false);
        return 0;
    }

    private static async Task MeasureAsync(IHost inside, IHost outside, int floats, TextWriter output)
    {
        var here = await Worker.JoinAsync(inside, $"here-{floats}", floats).ConfigureAwait(false);
        var there = await Worker.JoinAsync(outside, $"there-{floats}", floats).ConfigureAwait(false);
        foreach (var (call, directions) in ((string, int)[])[("push", 1), ("pull", 1), ("push;pull", 2)])
        {
            var (source, target) = (Touched(floats * directions), Touched(floats * directions));
            var (ours, copies, others, allocated) =
                await MeasureAsync(here, there, call, () => source.CopyTo(target, 0)).ConfigureAwait(false);
            var bytes = (double)directions * floats * sizeof(float);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{floats * 4 / 1024 + " KiB",-11}{call,-11}{ours,11:N0}{bytes * ours / 1e9,7:F1}{bytes * copies / 1e9,13:F1}{ours / copies,8:P0}{allocated,9:F0}{others,21:N0}{ours / others,8:F1}")).ConfigureAwait(false);
        }
        await here.DisposeAsync().ConfigureAwait(false);
        await there.DisposeAsync().ConfigureAwait(false);
    }

    // In turns, so that a change of the machine's pace meets all.
    private static async Task<(double Ours, double Copies, double Others, double Allocated)> MeasureAsync(
        Worker here, Worker there, string call, Action copy)
    {
        List<double> ours = [], copies = [], others = [];
        var allocated = 0.0;
        for (var i = -3; i < 9; i++)
        {
            var copied = await RateAsync(() => { copy(); return default; }, null).ConfigureAwait(false);
            var local = await RateAsync(() => here.DoAsync(call), here).ConfigureAwait(false);
            var remote = await RateAsync(() => there.DoAsync(call), there).ConfigureAwait(false);
            if (i < 0) continue;
            copies.Add(copied.Rate);
            ours.Add(local.Rate);
            others.Add(remote.Rate);
            allocated = local.Allocated;
        }
        return (Figures.Median(ours), Figures.Median(copies), Figures.Median(others), allocated);
    }

    /// <summary>Calls a second; a step ends, outside of the time that is measured, before its window is full.</summary>
    private static async Task<(double Rate, double Allocated)> RateAsync(Func<ValueTask> call, Worker? worker)
    {
        var (calls, time, bytes) = (0, TimeSpan.Zero, 0L);
        while (time < s_repetition)
        {
            var before = GC.GetTotalAllocatedBytes();
            var start = Stopwatch.GetTimestamp();
            var n = 0;
            for (; n < PushesPerStep && (n % 16 != 0 || Stopwatch.GetElapsedTime(start) < s_repetition); n++)
                await call().ConfigureAwait(false);
            time += Stopwatch.GetElapsedTime(start);
            bytes += GC.GetTotalAllocatedBytes() - before;
            calls += n;
            if (worker is not null) await worker.ClockAsync().ConfigureAwait(false);
        }
        return (calls / time.TotalSeconds, bytes / (double)calls);
    }

    private static async Task<IHost> StartAsync(Action<HostApplicationBuilder> configure, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        configure(builder);
        var host = builder.Build();
        await host.StartAsync(stop).ConfigureAwait(false);
        return host;
    }

    private static float[] Touched(int length)
    {
        var array = new float[length];
        Array.Fill(array, 1e-6f);
        return array;
    }

    private sealed class Worker(IParameterWorker worker, int floats) : IAsyncDisposable
    {
        private readonly TensorSet _gradient = new() { { "w", Touched(floats) } };
        private readonly TensorSet _values = new() { { "w", Touched(floats) } };

        public static async Task<Worker> JoinAsync(IHost host, string model, int floats)
        {
            var server = host.Services.GetRequiredService<IParameterServer>();
            var spec = new ModelSpec(model)
            {
                Parameters = [new("w", [floats])], Optimizer = Optimizer.Sgd(1e-3), Consistency = ConsistencyPolicy.Asynchronous,
                PushesPerStep = PushesPerStep, Lease = TimeSpan.FromMinutes(10),
            };
            await server.CreateModelAsync(spec).ConfigureAwait(false);
            return new(await server.JoinAsync(model, 0).ConfigureAwait(false), floats);
        }

        public ValueTask DoAsync(string call) => call switch
        {
            "push" => worker.PushAsync(_gradient),
            "pull" => worker.PullAsync(_values),
            _ => PushThenPullAsync(),
        };

        public async Task ClockAsync() => await worker.ClockAsync(worker.Position.Step + 1).ConfigureAwait(false);

        public ValueTask DisposeAsync() => worker.DisposeAsync();

        private async ValueTask PushThenPullAsync()
        {
            await worker.PushAsync(_gradient).ConfigureAwait(false);
            await worker.PullAsync(_values).ConfigureAwait(false);
        }
    }
}
