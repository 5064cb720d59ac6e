using OrleansPs.Protocol;

namespace OrleansPs.Torture;

/// <summary>One model under torture: what it says of itself meanwhile, and what it holds in the end.</summary>
internal sealed class ModelTrial(IParameterServer server, IParameterServerAdmin admin, ModelSpec spec)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);
    private long _firstGeneration;
    private long _generation;

    public ModelSpec Spec { get; } = spec;

    public SnapshotCheck Snapshots { get; } = new(server, admin, spec);

    /// <summary>Steps that all ranks together have finished.</summary>
    public long Steps { get; private set; }

    /// <summary>How often the model was put back.</summary>
    public long Restores => _generation - _firstGeneration;

    /// <summary>Creates the model.</summary>
    public async Task CreateAsync(CancellationToken stop)
    {
        await server.CreateModelAsync(Spec, stop).ConfigureAwait(false);
        var status = await server.GetStatusAsync(Spec.Name, stop).ConfigureAwait(false);
        if (status.Blocks != Spec.Parameters.Count)
            throw new InvalidOperationException($"The model has {status.Blocks} blocks for {Spec.Parameters.Count} parameters; the ledger needs one for each.");
        _firstGeneration = _generation = status.Generation;
    }

    /// <summary>Waits until every rank has finished so many steps more.</summary>
    public Task AwaitStepsAsync(long steps, TimeSpan limit, CancellationToken stop)
    {
        Dictionary<int, long>? goals = null;
        return Ask.UntilAsync($"a step of each worker of {Spec.Name}", async cancel =>
        {
            var workers = (await server.GetStatusAsync(Spec.Name, cancel).ConfigureAwait(false)).Workers;
            goals ??= workers.ToDictionary(w => w.Rank, w => w.Step + steps);
            return workers.Count == Spec.Workers && workers.All(w => w.Step >= goals.GetValueOrDefault(w.Rank, steps)) ? workers : null;
        }, limit, stop);
    }

    /// <summary>Looks at the model and its snapshots again and again.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stop).ConfigureAwait(false);
                await Snapshots.LookAsync(stop).ConfigureAwait(false);
                await Task.Delay(500, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Where the blocks are; null if that can't be learnt now.</summary>
    public Task<IReadOnlyList<BlockInfo>?> BlocksAsync(CancellationToken stop) =>
        Ask.TryAsync(cancel => admin.ListBlocksAsync(Spec.Name, cancel), s_limit, stop);

    /// <summary>When nobody trains any more: what the model holds against what its ranks finished, and a last snapshot.</summary>
    public async Task<LedgerCheck> CheckAsync(IReadOnlyList<RankHistory> ranks, CancellationToken stop)
    {
        var status = await LookAsync(stop).ConfigureAwait(false) ?? throw new TimeoutException($"the status of {Spec.Name} could not be learnt");
        var unlike = status.Workers.Where(w => w.Step != ranks[w.Rank].Ended)
            .Select(w => $"rank {w.Rank} of {Spec.Name} ended at step {ranks[w.Rank].Ended?.ToString() ?? "?"}, and the service says {w.Step}");
        var reader = await server.OpenReaderAsync(Spec.Name, stop).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var values = TensorSet.For(Spec);
        await reader.ReadLatestAsync(values, stop).ConfigureAwait(false);
        var check = LedgerCheck.Of([.. values.Select(v => Reading.Of(v.Value.Span, Spec.Workers))], (_, rank) => ranks[rank].Finished);
        await server.TakeSnapshotAsync(Spec.Name, stop).ConfigureAwait(false);
        await Snapshots.LookAsync(stop).ConfigureAwait(false);
        return check with { Problems = [.. unlike, .. check.Problems.Select(problem => $"{Spec.Name}: {problem}"), .. Snapshots.Problems] };
    }

    private async Task<ModelStatus?> LookAsync(CancellationToken stop)
    {
        var status = await Ask.TryAsync(cancel => server.GetStatusAsync(Spec.Name, cancel), s_limit, stop).ConfigureAwait(false);
        if (status is null) return null;
        (Steps, _generation) = (status.Workers.Sum(w => w.Step), Math.Max(_generation, status.Generation));
        return status;
    }
}
