using System.CommandLine;
using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>
/// What a clock costs: workers that do nothing else, one call each a clock, through one client to the coordinator of a silo in a process of its own.
/// The cost of one worker's clock should not depend on how many workers there are.
/// </summary>
internal sealed class CoordinatorSuite(TextWriter output)
{
    /// <summary>The workers that others are compared with: fewer don't fill the connection.</summary>
    private const int Reference = 16;

    private static readonly int[] s_workers = [1, Reference, 256, 1_024];
    private static readonly (string Name, ConsistencyPolicy Policy)[] s_policies =
    [
        ("BSP", ConsistencyPolicy.BulkSynchronous), ("SSP(3)", ConsistencyPolicy.StaleSynchronous(3)), ("ASP", ConsistencyPolicy.Asynchronous),
    ];

    public static Command CreateCommand(TextWriter output)
    {
        var (quick, files) = (new Option<bool>("--quick") { Description = "Shorter, fewer repetitions" }, new CurveFiles());
        var command = new Command("coordinator", "What a clock costs, with 1 to 1,024 simulated workers") { quick };
        files.AddTo(command);
        command.SetAction(async (result, stop) =>
        {
            var (repetitions, seconds) = result.GetValue(quick) ? (1, 0.5) : (5, 1.5);
            var curves = await new CoordinatorSuite(output).RunAsync(repetitions, seconds, stop).ConfigureAwait(false);
            await files.WriteAsync(result, "Coordinator: CPU time of a worker's clock", curves, stop).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private async Task<IReadOnlyList<Curve>> RunAsync(int repetitions, double seconds, CancellationToken stop)
    {
        await output.WriteLineAsync($"one silo, simulated workers in one client, medians of {repetitions}").ConfigureAwait(false);
        await output.WriteLineAsync(
            $"policy  workers  rounds/s  clocks/s  calls a clock  silo us/clock  x {Reference} workers  client us   p50 us    p99 us  B/call silo  client").ConfigureAwait(false);
        var silos = await Silos.StartAsync(1, stop).ConfigureAwait(false);
        await using var _ = silos.ConfigureAwait(false);
        using var client = await ClockClient.ConnectAsync(silos, stop).ConfigureAwait(false);
        var curves = new List<Curve>();
        foreach (var (name, policy) in s_policies)
        {
            var points = new List<ClockFigures>();
            foreach (var workers in s_workers)
            {
                var simulated = await SimulatedWorkers.JoinAsync(client, policy, workers, stop).ConfigureAwait(false);
                points.Add(await simulated.MeasureAsync(repetitions, seconds, stop).ConfigureAwait(false));
                await simulated.LeaveAsync(stop).ConfigureAwait(false);
                await output.WriteLineAsync(Line(name, points[^1], points.Find(p => p.Workers == Reference))).ConfigureAwait(false);
            }
            curves.Add(new($"coordinator {name}", "workers", "silo us/clock", Reference, [.. points.Select(p => new CurvePoint(p.Workers, p.SiloMicroseconds))]));
        }
        return curves;
    }

    private static string Line(string policy, ClockFigures f, ClockFigures? reference) => string.Create(CultureInfo.InvariantCulture,
        $"{policy,-7} {f.Workers,7:#,0} {f.ClocksPerSecond / f.Workers,9:#,0} {f.ClocksPerSecond,9:#,0} {f.CallsPerClock,14:0.000} {f.SiloMicroseconds,14:0.0} {(reference is null ? "-" : (f.SiloMicroseconds / reference.SiloMicroseconds).ToString("0.00", CultureInfo.InvariantCulture)),13} {f.ClientMicroseconds,10:0.0} {f.P50,8:#,0} {f.P99,9:#,0} {f.SiloAllocated,12:#,0} {f.ClientAllocated,7:#,0}");
}
