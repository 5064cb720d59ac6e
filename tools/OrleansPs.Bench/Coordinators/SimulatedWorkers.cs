using System.Diagnostics;
using OrleansPs.Core.Messages;
using OrleansPs.Protocol;

namespace OrleansPs.Bench;

/// <summary>What clocks of so many workers cost.</summary>
/// <param name="Workers">How many there are.</param>
/// <param name="ClocksPerSecond">Clocks of all of them in a second.</param>
/// <param name="CallsPerClock">Calls for a clock; more than 1 where one was answered that it has to wait on.</param>
/// <param name="SiloMicroseconds">Processor time of the silo for a clock.</param>
/// <param name="ClientMicroseconds">The same of the client.</param>
/// <param name="P50">How long the median call took, in microseconds; waiting for others is a part of it.</param>
/// <param name="P99">The slowest but 1 in 100.</param>
/// <param name="SiloAllocated">Bytes that a call allocated on the silo.</param>
/// <param name="ClientAllocated">The same on the client.</param>
internal sealed record ClockFigures(
    int Workers, double ClocksPerSecond, double CallsPerClock, double SiloMicroseconds, double ClientMicroseconds, double P50, double P99,
    double SiloAllocated, double ClientAllocated);

/// <summary>Workers that join a model and end step after step, and do nothing in between.</summary>
internal sealed class SimulatedWorkers
{
    private const double WarmUpSeconds = 2;

    private readonly ClockClient _client;
    private readonly Worker[] _workers;
    private long[] _ticks = [];

    private SimulatedWorkers(ClockClient client, Worker[] workers) => (_client, _workers) = (client, workers);

    public static async Task<SimulatedWorkers> JoinAsync(ClockClient client, ConsistencyPolicy policy, int workers, CancellationToken stop)
    {
        var spec = new ModelSpec($"clocks-{policy.Mode}-{workers}")
        {
            Parameters = [new("w", [1_024])],
            Optimizer = Optimizer.Sgd(lr: 0.1),
            Consistency = policy,
            Durability = DurabilityPolicy.Snapshot(),
            Workers = workers,
            Lease = TimeSpan.FromMinutes(10),
        };
        await client.Server.CreateModelAsync(spec, stop).ConfigureAwait(false);
        var coordinator = client.CoordinatorOf(spec.Name);
        var joined = await Task.WhenAll(Enumerable.Range(0, workers).Select(rank => Worker.JoinAsync(coordinator, rank, stop))).ConfigureAwait(false);
        return new(client, joined);
    }

    public async Task<ClockFigures> MeasureAsync(int repetitions, double seconds, CancellationToken stop)
    {
        var clocks = await WarmUpAsync(seconds, stop).ConfigureAwait(false);
        var all = new List<ClockFigures>();
        for (var i = 0; i < repetitions; i++) all.Add(await MeasureOnceAsync(clocks, stop).ConfigureAwait(false));
        return new(
            _workers.Length, Median(f => f.ClocksPerSecond), Median(f => f.CallsPerClock), Median(f => f.SiloMicroseconds), Median(f => f.ClientMicroseconds),
            Median(f => f.P50), Median(f => f.P99), Median(f => f.SiloAllocated), Median(f => f.ClientAllocated));

        double Median(Func<ClockFigures, double> figure) => Figures.Median(all.Select(figure));
    }

    public Task LeaveAsync(CancellationToken stop) => Task.WhenAll(_workers.Select(worker => worker.LeaveAsync(stop)));

    private async Task<int> WarmUpAsync(double seconds, CancellationToken stop)
    {
        var start = Stopwatch.GetTimestamp();
        for (var clocks = 1; ;)
        {
            var (took, _) = await RunAsync(clocks, stop).ConfigureAwait(false);
            var fitting = Math.Max(1, clocks / took * seconds);
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > WarmUpSeconds && took > seconds / 3) return (int)fitting;
            clocks = (int)Math.Ceiling(Math.Min(clocks * 4.0, fitting));
        }
    }

    private async Task<ClockFigures> MeasureOnceAsync(int clocks, CancellationToken stop)
    {
        using var self = Process.GetCurrentProcess();
        var silos = _client.Silos;
        var (silo, client, siloBytes, clientBytes) =
            (ProcessMeter.CpuSeconds(silos.Processes), ProcessMeter.CpuSeconds([self]), silos.Allocated(), GC.GetTotalAllocatedBytes(precise: true));
        var (seconds, calls) = await RunAsync(clocks, stop).ConfigureAwait(false);
        (silo, client) = (ProcessMeter.CpuSeconds(silos.Processes) - silo, ProcessMeter.CpuSeconds([self]) - client);
        (siloBytes, clientBytes) = (silos.Allocated() - siloBytes, GC.GetTotalAllocatedBytes(precise: true) - clientBytes);
        var all = (double)clocks * _workers.Length;
        var report = RunReport.Of(_ticks.AsSpan(0, (int)all), seconds, clientBytes);
        return new(
            _workers.Length, all / seconds, calls / all, silo * 1e6 / all, client * 1e6 / all, report.P50, report.P99, siloBytes / (double)calls,
            clientBytes / (double)calls);
    }

    private async Task<(double Seconds, long Calls)> RunAsync(int clocks, CancellationToken stop)
    {
        if (_ticks.Length < clocks * _workers.Length) _ticks = new long[clocks * _workers.Length];
        var start = Stopwatch.GetTimestamp();
        var calls = await Task.WhenAll(_workers.Select((worker, i) => worker.RunAsync(_ticks.AsMemory(i * clocks, clocks), stop))).ConfigureAwait(false);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, calls.Sum());
    }

    /// <summary>One rank, as far as the coordinator can tell.</summary>
    private sealed class Worker(ICoordinatorGrain coordinator, int rank, JoinReply joined)
    {
        private long _step = joined.Step;

        public static async Task<Worker> JoinAsync(ICoordinatorGrain coordinator, int rank, CancellationToken stop)
        {
            var command = new JoinCommand(rank, Guid.NewGuid(), Incarnation: -1);
            while (true)
            {
                var reply = (await coordinator.Join(command).WaitAsync(stop).ConfigureAwait(false)).Get();
                if (reply.Status == CoordinatorStatus.Ok) return new(coordinator, rank, reply);
                Require(reply.Status);
            }
        }

        /// <summary>Ends a step again and again, and writes down how long each call took.</summary>
        /// <returns>How many calls that were.</returns>
        public async Task<long> RunAsync(Memory<long> ticks, CancellationToken stop)
        {
            // Joined to no context, and not all on the thread that starts them.
            await Task.Yield();
            var calls = 0L;
            for (var i = 0; i < ticks.Length; i++, _step++)
            {
                var start = Stopwatch.GetTimestamp();
                while (true)
                {
                    calls++;
                    var reply = (await coordinator.Clock(new(joined.Generation, rank, joined.Incarnation, _step, _step)).WaitAsync(stop).ConfigureAwait(false)).Get();
                    if (reply.Status == CoordinatorStatus.Ok) break;
                    Require(reply.Status);
                }
                ticks.Span[i] = Stopwatch.GetTimestamp() - start;
            }
            return calls;
        }

        public async Task LeaveAsync(CancellationToken stop) =>
            await coordinator.Presence(new(PresenceKind.Leave, joined.Generation, rank, joined.Incarnation)).WaitAsync(stop).ConfigureAwait(false);

        private static void Require(CoordinatorStatus status)
        {
            if (status is not (CoordinatorStatus.Waiting or CoordinatorStatus.NotCoordinator))
                throw new IOException($"The coordinator refused a simulated worker: {status}.");
        }
    }
}
