using System.Diagnostics;
using OrleansPs.Tools;

namespace OrleansPs.Bench;

/// <summary>What one operation costs.</summary>
/// <param name="Silo">Processor time of all silos, in microseconds.</param>
/// <param name="Client">The same of the workers' process.</param>
/// <param name="Elapsed">Microseconds from one to the next.</param>
internal readonly record struct OperationCost(double Silo, double Client, double Elapsed)
{
    public double Total => Silo + Client;
}

/// <summary>Silos as processes, and workers' sessions over one connection in this one.</summary>
internal sealed class GrowthRig : IAsyncDisposable
{
    // Processor time of silos and sessions, which compiling takes too, however busy the machine is with other things.
    private const double WarmUpCpuSeconds = 2;

    private readonly ClusterConnection _connection;
    private readonly GrowthEffort _effort;

    private GrowthRig(Silos silos, ClusterConnection connection, GrowthEffort effort) => (Silos, _connection, _effort) = (silos, connection, effort);

    public Silos Silos { get; }

    public IParameterServer Server => _connection.Server;

    public static async Task<GrowthRig> StartAsync(int silos, GrowthEffort effort, CancellationToken stop)
    {
        var started = await Silos.StartAsync(silos, stop).ConfigureAwait(false);
        return new(started, await Silos.ConnectAsync(started.Gateways, stop).ConfigureAwait(false), effort);
    }

    /// <summary>Makes a model and takes up all its ranks.</summary>
    public async Task<IParameterWorker[]> JoinAsync(ModelSpec spec, CancellationToken stop)
    {
        await Server.CreateModelAsync(spec, stop).ConfigureAwait(false);
        return await Task.WhenAll(Enumerable.Range(0, spec.Workers).Select(rank => Server.JoinAsync(spec.Name, rank, cancellationToken: stop))).ConfigureAwait(false);
    }

    /// <summary>Takes a model off, so that the next one finds the silos as this one did.</summary>
    public async Task LeaveAsync(IEnumerable<IParameterWorker> workers, CancellationToken stop)
    {
        string? model = null;
        foreach (var worker in workers)
        {
            model = worker.Model;
            await worker.DisposeAsync().ConfigureAwait(false);
        }
        if (model is not null) await Server.DeleteModelAsync(model, stop).ConfigureAwait(false);
    }

    /// <summary>Does operations until the code is compiled to its last tier, and then takes the median cost of several repetitions.</summary>
    /// <param name="run">Does so many.</param>
    /// <param name="units">How many units there are in an operation.</param>
    public async Task<OperationCost> MeasureAsync(Func<int, Task> run, double units = 1)
    {
        var operations = await WarmUpAsync(run).ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        var costs = new List<OperationCost>();
        for (var i = 0; i < _effort.Repetitions; i++)
        {
            var (silo, client, start) = (ProcessMeter.CpuSeconds(Silos.Processes), ProcessMeter.CpuSeconds([self]), Stopwatch.GetTimestamp());
            await run(operations).ConfigureAwait(false);
            var micro = 1e6 / (operations * units);
            costs.Add(new(
                (ProcessMeter.CpuSeconds(Silos.Processes) - silo) * micro, (ProcessMeter.CpuSeconds([self]) - client) * micro,
                Stopwatch.GetElapsedTime(start).TotalSeconds * micro));
        }
        return new(Figures.Median(costs.Select(c => c.Silo)), Figures.Median(costs.Select(c => c.Client)), Figures.Median(costs.Select(c => c.Elapsed)));
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync().ConfigureAwait(false);
        await Silos.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<int> WarmUpAsync(Func<int, Task> run)
    {
        using var self = Process.GetCurrentProcess();
        Process[] all = [.. Silos.Processes, self];
        var begin = ProcessMeter.CpuSeconds(all);
        for (var operations = 1; ;)
        {
            var start = Stopwatch.GetTimestamp();
            await run(operations).ConfigureAwait(false);
            var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var fitting = Math.Max(1, operations / took * _effort.Seconds);
            if (ProcessMeter.CpuSeconds(all) - begin > WarmUpCpuSeconds && took > _effort.Seconds / 3) return (int)fitting;
            operations = (int)Math.Ceiling(Math.Min(operations * 4.0, fitting));
        }
    }
}

/// <summary>How much is done for a point.</summary>
/// <param name="IsQuick">Whether large counts are left out.</param>
/// <param name="Repetitions">How often it is measured.</param>
/// <param name="Seconds">How long a repetition takes, about.</param>
internal sealed record GrowthEffort(bool IsQuick, int Repetitions, double Seconds)
{
    public static GrowthEffort Quick { get; } = new(true, 1, 0.4);

    public static GrowthEffort Full { get; } = new(false, 5, 0.7);
}
