namespace OrleansPs.Torture;

/// <summary>What is looked at when the faults are over.</summary>
/// <param name="Checks">What each model holds against what it should.</param>
/// <param name="Ranks">What each model's ranks were told.</param>
/// <param name="Problems">What did not end as it should.</param>
internal sealed record EndResult(
    IReadOnlyList<LedgerCheck> Checks, IReadOnlyDictionary<string, IReadOnlyList<RankHistory>> Ranks, IReadOnlyList<string> Problems);

/// <summary>The end of a run: everybody comes back, trains on, and then stops between two steps.</summary>
internal sealed class Ending(Cluster cluster, IReadOnlyList<ModelTrial> models, bool replicated, LiveLine display)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly List<string> _problems = [];

    /// <summary>Waits until the cluster is whole and works, and stops the workers.</summary>
    public async Task<Ending> EndAsync(FaultInjector faults, CancellationToken stop)
    {
        display.Show("all come back");
        await faults.AwaitHealedAsync().ConfigureAwait(false);
        if (!await cluster.AwaitReadyAsync(s_limit, stop).ConfigureAwait(false)) _problems.Add("not all silos came back");
        foreach (var model in models)
        {
            await TryAsync(async () =>
            {
                if (replicated) await AwaitStandbysAsync(model, stop).ConfigureAwait(false);
                await model.AwaitStepsAsync(2, s_limit, stop).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }

        display.Show("workers stop");
        var statuses = await Task.WhenAll(cluster.WorkerChildren.Select(worker => worker.StopAsync(s_limit))).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        if (statuses.Count(status => status != 0) is var hung and > 0) _problems.Add($"{hung} workers did not stop in order");
        return this;
    }

    /// <summary>Compares what is there with what should be.</summary>
    public async Task<EndResult> CheckAsync(CancellationToken stop)
    {
        display.Show("all is compared");
        var (checks, ranks) = (new List<LedgerCheck>(), new Dictionary<string, IReadOnlyList<RankHistory>>());
        foreach (var model in models)
        {
            var histories = Enumerable.Range(0, model.Spec.Workers)
                .Select(rank => RankHistory.Of(cluster.ReadLedgers(model.Spec.Name, rank))).ToArray();
            ranks[model.Spec.Name] = histories;
            await TryAsync(async () =>
            {
                using var bound = CancellationTokenSource.CreateLinkedTokenSource(stop);
                bound.CancelAfter(s_limit);
                checks.Add(await model.CheckAsync(histories, bound.Token).ConfigureAwait(false));
            }).ConfigureAwait(false);
        }
        stop.ThrowIfCancellationRequested();
        return new(checks, ranks, _problems);
    }

    private static async Task AwaitStandbysAsync(ModelTrial model, CancellationToken stop) => await Ask.UntilAsync(
        $"a standby for each block of {model.Spec.Name}",
        async cancel => await model.BlocksAsync(cancel).ConfigureAwait(false) is { } blocks && Standbys.AreInSync(blocks) ? blocks : null,
        s_limit, stop).ConfigureAwait(false);

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or ParameterServerException)
        {
            _problems.Add(e.Message);
        }
    }
}
