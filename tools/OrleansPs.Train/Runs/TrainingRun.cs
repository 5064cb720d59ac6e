using OrleansPs.Embedded;
using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>One training, from an empty server or from a snapshot to the last step: its server, its workers, its evaluation.</summary>
internal sealed class TrainingRun : IAsyncDisposable
{
    private const int SnapshotAttempts = 3;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly IParameterServer _server;
    private readonly RunSettings _settings;
    private readonly JobOptions _options;
    private readonly LoadedJob _job;
    private readonly bool _hasSnapshots;
    private readonly TextWriter _warnings;
    private readonly SnapshotCount _snapshots;
    private readonly DateTimeOffset _when = DateTimeOffset.Now;
    private DirectoryInfo? _scratch;
    private IParameterWorker[] _workers = [];
    private long[] _incarnations = [];
    private IParameterReader? _reader;
    private EvaluationLoop? _evaluation;
    private RunMonitor? _monitor;

    private TrainingRun(
        IParameterServer server, RunSettings settings, JobOptions options, LoadedJob job, bool hasSnapshots, TextWriter warnings)
    {
        _server = server;
        _settings = settings;
        _options = options;
        _job = job;
        _snapshots = new(Model);
        _hasSnapshots = hasSnapshots;
        _warnings = warnings;
    }

    /// <summary>What the workers do; it begins to measure time when the run has started.</summary>
    public RunMonitor Monitor => _monitor!;

    /// <summary>The snapshot that the run goes on from, or null.</summary>
    public SnapshotInfo? RestoredFrom { get; private set; }

    /// <summary>The newest snapshot of this run, or null.</summary>
    public SnapshotInfo? LastSnapshot { get; private set; }

    /// <summary>Makes the model, or restores it, and lets all workers join.</summary>
    /// <param name="settings">What the training does.</param>
    /// <param name="options">The kind of job.</param>
    /// <param name="job">The job on its data.</param>
    /// <param name="beginning">Where it begins.</param>
    /// <param name="evaluationsPerEpoch">How often an epoch is evaluated.</param>
    /// <param name="warnings">Where the server's warnings go.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TrainingRun> StartAsync(
        RunSettings settings, JobOptions options, LoadedJob job, RunBeginning beginning, int evaluationsPerEpoch,
        TextWriter warnings, CancellationToken cancellationToken)
    {
        var snapshots = beginning.Snapshots;
        using var init = beginning.Init is { } file ? SafetensorsFile.Open(file) : null;
        var scratch = snapshots is null && beginning.ExportsTables ? Directory.CreateTempSubdirectory("orleansps-train-") : null;
        var hosting = new EmbeddedServerOptions { SnapshotDirectory = snapshots ?? scratch?.FullName, LoggerFactory = new WarningLog(warnings) };
        var server = await EmbeddedParameterServer.StartAsync(hosting, cancellationToken).ConfigureAwait(false);
        var run = new TrainingRun(server, settings, options, job, snapshots is not null, warnings) { _scratch = scratch };
        try
        {
            if (snapshots is not null) await run.CheckSnapshotsAsync(snapshots, beginning.Resume, cancellationToken).ConfigureAwait(false);
            await run.StartAsync(beginning.Resume, init, cancellationToken).ConfigureAwait(false);
            await run.WatchAsync(evaluationsPerEpoch, cancellationToken).ConfigureAwait(false);
            if (snapshots is not null) SavedSettings.Write(snapshots, settings);
            return run;
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Trains to the end, evaluates, and takes a last snapshot if there is a directory for it.</summary>
    /// <param name="stop">Asks to end early: a snapshot is taken while the workers go on, then they stop.</param>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public async Task TrainAsync(CancellationToken stop)
    {
        // Workers compute without a pause. Without spare threads nobody else would get a turn.
        SpareThreads(_workers.Length + 4);
        using var training = new CancellationTokenSource();
        var evaluations = _evaluation!.RunAsync(training.Token);
        var workers = Task.WhenAll(
            [.. _workers.Select(w => Task.Run(() => TrainAsync(w, training), CancellationToken.None)), ChangePoliciesAsync(training)]);
        try
        {
            await workers.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await TryTakeSnapshotAsync().ConfigureAwait(false);
            await training.CancelAsync().ConfigureAwait(false);
            await Settle(workers).ConfigureAwait(false);
            throw;
        }
        finally
        {
            Monitor.End();
            await Settle(evaluations).ConfigureAwait(false);
        }
        await evaluations.ConfigureAwait(false);
        await EvaluateEndAsync(stop).ConfigureAwait(false);
        await TryTakeSnapshotAsync().ConfigureAwait(false);
    }

    /// <summary>What the run was like, for a report.</summary>
    public async Task<RunRecord> ToRecordAsync(CancellationToken cancellationToken)
    {
        var status = await _server.GetStatusAsync(Model, cancellationToken).ConfigureAwait(false);
        var restarts = _incarnations.Select((first, rank) => (int)(IncarnationOf(status, rank) - first));
        var record = Monitor.Complete(RunRecords.Of(_settings, _options, _job, _when), [.. restarts]);
        return record with
        {
            Workers = [.. record.Workers.Select(worker => worker with { RoundsMissed = RoundsMissed(status, worker.Rank) })],
            Snapshots = _snapshots.Completed,
            Findings = _job.FindAsync is { } find && record.Diverged is null ? await find(_reader!, cancellationToken).ConfigureAwait(false) : null,
            FinalScore = _evaluation!.IsUpToDate && record.Diverged is null ? _evaluation.Last?.TestScore : null,
        };
    }

    /// <summary>Writes the parameters, or keys and rows of the tables, to a file.</summary>
    public async Task ExportAsync(string path, CancellationToken cancellationToken)
    {
        if (_reader!.Spec.Tables.Count > 0)
        {
            var snapshot = LastSnapshot ?? await TakeSnapshotAsync(cancellationToken).ConfigureAwait(false);
            await Safetensors.SaveSnapshotAsync(path, _server, Model, snapshot.Cut, cancellationToken).ConfigureAwait(false);
            return;
        }
        var values = TensorSet.For(_reader.Spec);
        await _reader.ReadLatestAsync(values, cancellationToken).ConfigureAwait(false);
        Safetensors.Save(path, _reader.Spec.Parameters, values);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync().ConfigureAwait(false);
        if (_reader is not null) await _reader.DisposeAsync().ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        _snapshots.Dispose();
        _scratch?.Delete(recursive: true);
    }

    private string Model => _options.Name;

    // Snapshots of two trainings in one directory: the next resume would take the wrong one.
    private async Task CheckSnapshotsAsync(string directory, bool resume, CancellationToken cancellationToken)
    {
        var cuts = await _server.ListSnapshotsAsync(Model, cancellationToken).ConfigureAwait(false);
        Rule.Require(resume || cuts.Count == 0, "--snapshots", directory,
            $"it holds {cuts.Count} snapshots of an earlier training. Go on with --resume, or name another directory.");
    }

    private async Task StartAsync(bool resume, SafetensorsFile? init, CancellationToken cancellationToken)
    {
        await _server.CreateModelAsync(_settings.ToSpec(_job.Training, Model), cancellationToken).ConfigureAwait(false);
        if (init is not null) await _server.LoadAsync(Model, init, null, cancellationToken).ConfigureAwait(false);
        if (resume)
            RestoredFrom = await _server.RestoreAsync(Model, new() { Workers = _settings.Workers }, cancellationToken).ConfigureAwait(false);
        _workers = await Task.WhenAll(Enumerable.Range(0, _settings.Workers)
            .Select(rank => _server.JoinAsync(Model, rank, cancellationToken: cancellationToken))).ConfigureAwait(false);
        _reader = await _server.OpenReaderAsync(Model, cancellationToken).ConfigureAwait(false);
    }

    private async Task WatchAsync(int evaluationsPerEpoch, CancellationToken cancellationToken)
    {
        var plan = new BatchPlan(_job.Training.Examples, _settings.ToTrainerOptions());
        var extent = new RunExtent(_settings.Epochs, (long)plan.StepsPerEpoch * _settings.Shards, evaluationsPerEpoch);
        var status = await _server.GetStatusAsync(Model, cancellationToken).ConfigureAwait(false);
        _incarnations = [.. _workers.Select(w => IncarnationOf(status, w.Rank))];
        var positions = _workers.Select(w => w.Position).ToArray();
        _monitor = new(positions, positions.Sum(p => Math.Max(0, plan.StepsOf(p) - p.Cursor)), extent, TimeProvider.System)
        {
            Metric = _job.Training.Metric,
        };
        _evaluation = new(_reader!, _job.Training.CreateEvaluator(), _monitor, _warnings);
    }

    private async Task ChangePoliciesAsync(CancellationTokenSource training)
    {
        try
        {
            await new PolicyChanges(_server, Model, _settings.Switches, Monitor).RunAsync(training.Token).ConfigureAwait(false);
        }
        catch
        {
            await training.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task TrainAsync(IParameterWorker worker, CancellationTokenSource training)
    {
        try
        {
            var trainer = new DataParallelTrainer(worker, _job.Training.CreateObjective(_settings.Batch), _settings.ToTrainerOptions());
            await trainer.RunAsync(Monitor.OnStep, training.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is NonFiniteGradientException) Monitor.OnDiverged(new(worker.Rank, worker.Position.Step));
            // The others would wait for this one.
            await training.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    // The last evaluation may have fallen due before the last steps, or could not read; a resumed training may have had none
    // to do. Now nobody pushes any more.
    private async Task EvaluateEndAsync(CancellationToken cancellationToken)
    {
        if (_evaluation!.IsUpToDate) return;
        var reading = Monitor.Read();
        var loss = reading.Workers.Average(w => w.Loss);
        await _evaluation.TryEvaluateAsync(new(reading.EpochsDone, reading.Elapsed.TotalSeconds, loss), cancellationToken).ConfigureAwait(false);
    }

    // What was trained is worth more than its last snapshot: that there is none is said, and the rest goes on.
    private async Task TryTakeSnapshotAsync()
    {
        if (!_hasSnapshots) return;
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            LastSnapshot = await TakeSnapshotAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _warnings.WriteLine(Texts.Of($"train: the last snapshot was not complete after {s_patience.TotalSeconds:0} s"));
        }
        catch (ParameterServerException e)
        {
            _warnings.WriteLine($"train: there is no last snapshot: {e.Message}");
        }
    }

    private async Task<SnapshotInfo> TakeSnapshotAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _server.TakeSnapshotAsync(Model, cancellationToken).ConfigureAwait(false);
            }
            catch (SnapshotAbortedException) when (attempt < SnapshotAttempts)
            {
                await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Never fewer than there are: others in this process may need theirs.
    private static void SpareThreads(int least)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, least), completions);
    }

    private static long IncarnationOf(ModelStatus status, int rank) =>
        status.Workers.FirstOrDefault(w => w.Rank == rank)?.Incarnation ?? 0;

    private static long RoundsMissed(ModelStatus status, int rank) =>
        status.Workers.FirstOrDefault(w => w.Rank == rank)?.RoundsMissed ?? 0;

    // Waits for the end alone: how it ended is told elsewhere.
    private static async Task Settle(Task task) =>
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
