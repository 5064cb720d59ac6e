using System.Diagnostics;
using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>
/// What a standby costs a push: the latency of a push of 256 KiB with durability Replicated over two silos, beside that of the same push with Snapshot and of a
/// raw relay of the same bytes over two sockets. All in turns, so that a change of the machine's pace meets all.
/// </summary>
internal static class ReplicatedSuite
{
    private const int Floats = 65_536;
    private const int Trials = 5;
    // Until the code of all three processes is compiled to its last tier.
    private const int WarmUpRounds = 25;
    private const int Rounds = 25;
    private const int PushesARound = 100;

    public static async Task<int> RunAsync(TextWriter output, CancellationToken stop)
    {
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"256 KiB, one in flight; each trial with new processes, median of {Rounds} rounds of the median of {PushesARound}")).ConfigureAwait(false);
        await output.WriteLineAsync("trial  raw relay over two sockets  push, Snapshot  push, Replicated  Replicated / (relay + Snapshot)").ConfigureAwait(false);
        var trials = new List<Latencies>();
        for (var i = 1; i <= Trials; i++)
        {
            trials.Add(await TryAsync(stop).ConfigureAwait(false));
            await output.WriteLineAsync(Line(i.ToString(CultureInfo.InvariantCulture), trials[^1])).ConfigureAwait(false);
        }
        await output.WriteLineAsync(Line("median", Medians(trials))).ConfigureAwait(false);
        return 0;
    }

    private static string Line(string trial, Latencies l) => string.Create(CultureInfo.InvariantCulture,
        $"{trial,-6} {l.Relay,26:0} us {l.Snapshot,12:0} us {l.Replicated,14:0} us {l.Ratio,32:0.00}");

    private static async Task<Latencies> TryAsync(CancellationToken stop)
    {
        var silos = await Silos.StartAsync(2, stop).ConfigureAwait(false);
        await using var _ = silos.ConfigureAwait(false);
        var (first, second) = (silos.Places[^1].SiloPort, silos.Places[^1].GatewayPort);
        silos.Run("relay", Text(second), "0");
        silos.Run("relay", Text(first), Text(second));
        using var relay = Relay.Connect(first, Floats * sizeof(float));
        var snapshot = await PusherAsync(silos, DurabilityPolicy.Snapshot(), stop).ConfigureAwait(false);
        var replicated = await PusherAsync(silos, DurabilityPolicy.Replicated(), stop).ConfigureAwait(false);

        var rounds = new List<Latencies>();
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            var relayed = await MedianAsync(() => { relay.Send(); return ValueTask.CompletedTask; }).ConfigureAwait(false);
            var (s, r) = (await snapshot().ConfigureAwait(false), await replicated().ConfigureAwait(false));
            if (round >= 0) rounds.Add(new(relayed, s, r, r / (relayed + s)));
        }
        return Medians(rounds);
    }

    private static Latencies Medians(List<Latencies> all) => new(
        Figures.Median(all.Select(l => l.Relay)), Figures.Median(all.Select(l => l.Snapshot)), Figures.Median(all.Select(l => l.Replicated)), Figures.Median(all.Select(l => l.Ratio)));

    /// <summary>In microseconds, and what a standby costs.</summary>
    private readonly record struct Latencies(double Relay, double Snapshot, double Replicated, double Ratio);

    /// <summary>A model whose primary is on the silo that the client is connected to, and what measures pushes to it.</summary>
    private static async Task<Func<Task<double>>> PusherAsync(Silos silos, DurabilityPolicy durability, CancellationToken stop)
    {
        var connected = await Silos.ConnectAsync(silos.Places[0], stop).ConfigureAwait(false);
        for (var attempt = 0; ; attempt++)
        {
            var spec = new ModelSpec($"bench-{durability.IsReplicated}-{attempt}")
            {
                Parameters = [new("w", [Floats])],
                Optimizer = Optimizer.Sgd(lr: 0.1),
                Consistency = ConsistencyPolicy.Asynchronous,
                Durability = durability,
                PushesPerStep = PushesARound,
            };
            await connected.Server.CreateModelAsync(spec, stop).ConfigureAwait(false);
            var block = (await connected.Admin.ListBlocksAsync(spec.Name, stop).ConfigureAwait(false))[0];
            if (!silos.Places[0].Holds(block.Silo) || (durability.IsReplicated && block.Standby is null)) continue;
            var worker = await connected.Server.JoinAsync(spec.Name, 0, cancellationToken: stop).ConfigureAwait(false);
            var gradient = new TensorSet { { "w", new float[Floats] } };
            return async () =>
            {
                var median = await MedianAsync(() => worker.PushAsync(gradient, stop)).ConfigureAwait(false);
                await worker.ClockAsync(worker.Position.Step + 1, stop).ConfigureAwait(false);
                return median;
            };
        }
    }

    private static async Task<double> MedianAsync(Func<ValueTask> call)
    {
        var times = new double[PushesARound];
        for (var i = 0; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await call().ConfigureAwait(false);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }
        return Figures.Median(times);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
