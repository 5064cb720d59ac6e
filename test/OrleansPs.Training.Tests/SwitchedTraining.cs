namespace OrleansPs.Training.Tests;

/// <summary>
/// Four workers that train Fashion-MNIST while its policy changes from BSP to SSP(2), to ASP and to BSP again. All that they pull and push is noted in the order in which it happens.
/// </summary>
internal sealed class SwitchedTraining(IParameterServer server, FashionMnist data, CancellationToken limit) : IDisposable
{
    /// <summary>The model.</summary>
    public const string Model = "switched";

    private const int Workers = 4;
    private static readonly TrainerOptions s_options = new() { Epochs = 5, BatchSize = 64, Shards = Workers };

    private static readonly ConsistencyPolicy[] s_modes =
        [ConsistencyPolicy.StaleSynchronous(2), ConsistencyPolicy.Asynchronous, ConsistencyPolicy.BulkSynchronous];

    private readonly ImageClassification _job = new(data.Train, data.Test, [128], Optimizer.Adam(lr: 0.001));
    private readonly BatchPlan _plan = new(data.Train.Count, s_options);
    private readonly TaskCompletionSource[] _epochsDone =
        [.. s_modes.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];

    private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(limit);
    private readonly PullLog _log = new();

    /// <summary>Trains to the end, and checks that every pull was as the policy in force has it.</summary>
    /// <param name="change">Changes the model's policy, and returns when it is in force.</param>
    /// <returns>The share of the test set that the model has right.</returns>
    public async Task<double> RunAsync(Func<ConsistencyPolicy, Task> change)
    {
        await server.CreateModelAsync(_job.ToSpec(Model, s_options.BatchSize) with
        {
            Workers = Workers, BlockBytes = 64 << 10, Schedule = LearningRateSchedule.Cosine(_plan.StepsPerShard),
        }, limit);
        var changes = EndAllAsync(() => ChangeAsync(change));
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(rank => Task.Run(() => EndAllAsync(() => TrainAsync(rank)), limit)).Append(changes));

        _log.Check([ConsistencyPolicy.BulkSynchronous, .. s_modes], Workers * _plan.StepsPerShard);
        await using var reader = await server.OpenReaderAsync(Model, limit);
        return (await _job.CreateEvaluator().EvaluateAsync(reader, limit)).Score;
    }

    public void Dispose() => _end.Dispose();

    private async Task ChangeAsync(Func<ConsistencyPolicy, Task> change)
    {
        for (var i = 0; i < s_modes.Length; i++)
        {
            await _epochsDone[i].Task.WaitAsync(_end.Token);
            await change(s_modes[i]);
        }
    }

    private async Task TrainAsync(int rank)
    {
        await using var worker = new NotedWorker(await server.JoinAsync(Model, rank, null, _end.Token), _log);
        await new DataParallelTrainer(worker, _job.CreateObjective(s_options.BatchSize), s_options).RunAsync(OnStep, _end.Token);
    }

    private void OnStep(StepReport report)
    {
        var (epochs, rest) = Math.DivRem(_log.Add(report), Workers * _plan.StepsPerEpoch);
        if (rest == 0 && epochs <= s_modes.Length) _epochsDone[epochs - 1].SetResult();
    }

    // The others would wait for whoever fails.
    private async Task EndAllAsync(Func<Task> part)
    {
        try
        {
            await part();
        }
        catch
        {
            await _end.CancelAsync();
            throw;
        }
    }
}
