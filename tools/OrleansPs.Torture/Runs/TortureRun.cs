using OrleansPs.Tools;

namespace OrleansPs.Torture;

/// <summary>A run from its first process to its figures.</summary>
/// <param name="settings">What it does.</param>
/// <param name="directory">Where everything is kept.</param>
/// <param name="display">Says how far it is.</param>
internal sealed class TortureRun(RunSettings settings, string directory, LiveLine display)
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);

    /// <summary>Runs.</summary>
    /// <exception cref="TimeoutException">The cluster did not come up.</exception>
    /// <exception cref="InvalidOptionsException">A network was wanted, and can't be had.</exception>
    public async Task<Figures> RunAsync(CancellationToken stop)
    {
        var specs = settings.Specs().ToArray();
        var (network, why) = await NetworkAsync(settings.Silos + (specs.Length * settings.Workers)).ConfigureAwait(false);
        try
        {
            var ranks = specs.SelectMany(spec => Enumerable.Range(0, spec.Workers).Select(rank => (spec.Name, rank))).ToArray();
            var cluster = new Cluster(directory, network, settings.Silos, ranks, settings.Rest);
            await using var _ = cluster.ConfigureAwait(false);
            return await RunAsync(cluster, specs, why, stop).ConfigureAwait(false);
        }
        finally
        {
            display.Clear();
            if (network is not null) await network.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<Figures> RunAsync(Cluster cluster, ModelSpec[] specs, string? withoutNetwork, CancellationToken stop)
    {
        display.Show("silos start");
        cluster.StartSilos();
        if (!await cluster.AwaitReadyAsync(s_startLimit, stop).ConfigureAwait(false)) throw new TimeoutException("the silos did not get ready");
        var connection = await ClusterConnection.OpenAsync(new() { Directory = cluster.Silos }, stop).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var models = specs.Select(spec => new ModelTrial(connection.Server, connection.Admin, spec)).ToArray();
        foreach (var model in models) await model.CreateAsync(stop).ConfigureAwait(false);
        display.Show("workers start");
        cluster.StartWorkers();
        foreach (var model in models) await model.AwaitStepsAsync(1, s_startLimit, stop).ConfigureAwait(false);

        var log = new StreamWriter(Path.Combine(cluster.Logs, "faults.log")) { AutoFlush = true };
        await using var __ = log.ConfigureAwait(false);
        var faults = new FaultInjector(cluster, models, settings.Replicated, log);
        var begun = SharedClock.Now;
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watches = models.Select(model => model.WatchAsync(watching.Token)).ToArray();
        await TortureAsync(cluster, models, faults, withoutNetwork is null, stop).ConfigureAwait(false);
        var took = SharedClock.Now - begun;

        var ending = await new Ending(cluster, models, settings.Replicated, display).EndAsync(faults, stop).ConfigureAwait(false);
        await watching.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(watches).ConfigureAwait(false);
        return FiguresMaker.Of(settings, cluster, models, faults, await ending.CheckAsync(stop).ConfigureAwait(false), took) with { WithoutNetwork = withoutNetwork };
    }

    private async Task TortureAsync(Cluster cluster, ModelTrial[] models, FaultInjector faults, bool hasNetwork, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var (begun, length) = (SharedClock.Now, TimeSpan.FromMinutes(settings.Minutes));
        over.CancelAfter(length);
        var running = faults.RunAsync(FaultSchedule.Of(settings.Seed, hasNetwork), over.Token);
        while (await Task.WhenAny(running, Task.Delay(250, CancellationToken.None)).ConfigureAwait(false) != running)
        {
            var elapsed = SharedClock.Now - begun;
            display.Show(FormattableString.Invariant($"{elapsed:mm\\:ss} of {length:mm\\:ss}: {faults.Counts.Values.Sum()} faults, ") +
                FormattableString.Invariant($"{cluster.SiloChildren.Count(s => s.State == ChildState.Ready)} of {settings.Silos} silos ready, ") +
                FormattableString.Invariant($"{models.Sum(m => m.Steps):N0} steps, {models.Sum(m => m.Snapshots.Completed)} snapshots, ") +
                FormattableString.Invariant($"{models.Sum(m => m.Restores)} restores, withheld {100 * faults.Withheld.Share(elapsed):0} %"));
        }
        await running.ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
    }

    private async Task<(Network? Network, string? Why)> NetworkAsync(int places)
    {
        if (settings.Network == NetworkUse.Off) return (null, "--network off");
        var (network, why) = await Network.TryCreateAsync(places).ConfigureAwait(false);
        if (network is null && settings.Network == NetworkUse.On) throw new InvalidOptionsException("--network", "on", $"there can be none: {why}.");
        return (network, why);
    }
}
