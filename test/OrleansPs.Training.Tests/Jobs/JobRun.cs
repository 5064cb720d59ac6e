using OrleansPs.Embedded;

namespace OrleansPs.Training.Tests.Jobs;

/// <summary>A job trained by several workers on a server in this process, from its beginning to its end.</summary>
internal sealed class JobRun : IAsyncDisposable
{
    private const string Model = "job";
    private readonly EmbeddedParameterServer _server;
    private readonly ITrainingJob _job;
    private readonly TrainerOptions _options;

    private JobRun(EmbeddedParameterServer server, ITrainingJob job, TrainerOptions options)
    {
        _server = server;
        _job = job;
        _options = options;
    }

    public Evaluation Evaluation { get; private set; }

    /// <summary>The highest staleness of any step.</summary>
    public long MaxStaleness { get; private set; }

    /// <summary>Trains to the end, with as many workers as the options have shards.</summary>
    /// <param name="job">The job.</param>
    /// <param name="policy">The consistency policy.</param>
    /// <param name="options">How the data is gone through.</param>
    /// <param name="breakAt">After how many steps the worker of rank 1 ends, for another one to go on; null for never.</param>
    public static async Task<JobRun> TrainAsync(ITrainingJob job, ConsistencyPolicy policy, TrainerOptions options, long? breakAt = null)
    {
        var run = new JobRun(await EmbeddedParameterServer.StartAsync(), job, options);
        await run._server.CreateModelAsync(job.ToSpec(Model, options.BatchSize) with
        {
            Consistency = policy,
            Workers = options.Shards,
            Seed = options.Seed,
            Lease = TimeSpan.FromMinutes(5),
        });
        await Task.WhenAll(Enumerable.Range(0, options.Shards).Select(rank => Task.Run(() => run.WorkAsync(rank, rank == 1 ? breakAt : null))));
        await using var reader = await run.OpenReaderAsync();
        run.Evaluation = await job.CreateEvaluator().EvaluateAsync(reader);
        return run;
    }

    public Task<IParameterReader> OpenReaderAsync() => _server.OpenReaderAsync(Model);

    /// <summary>The bits of the rows of all tables under the keys from -1 to 99.</summary>
    public async Task<int[]> BitsAsync()
    {
        await using var reader = await OpenReaderAsync();
        var (keys, bits) = (Enumerable.Range(-1, 101).Select(key => (long)key).ToArray(), new List<int>());
        foreach (var table in reader.Spec.Tables)
        {
            var (rows, set) = (new float[keys.Length * table.Width], new RowSet());
            set.Add(table.Name, keys, rows);
            await reader.ReadLatestRowsAsync(set);
            bits.AddRange(rows.Select(BitConverter.SingleToInt32Bits));
        }
        return [.. bits];
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task WorkAsync(int rank, long? breakAt)
    {
        await using var worker = await _server.JoinAsync(Model, rank);
        using var stop = new CancellationTokenSource();
        try
        {
            await Trainer(worker).RunAsync(report => OnStep(report, breakAt, stop), stop.Token);
            return;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        await using var successor = await _server.JoinAsync(Model, rank);
        Assert.Equal(breakAt, successor.Position.Cursor);
        await Trainer(successor).RunAsync(report => OnStep(report, null, stop));
    }

    private DataParallelTrainer Trainer(IParameterWorker worker) => new(worker, _job.CreateObjective(_options.BatchSize), _options);

    private void OnStep(StepReport report, long? breakAt, CancellationTokenSource stop)
    {
        lock (_options) MaxStaleness = Math.Max(MaxStaleness, report.Staleness);
        if (report.Cursor == breakAt) stop.Cancel();
    }
}
