using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>One process's part of a training, on whatever server it is given.</summary>
internal sealed class TrainingJob(IParameterServer server, RunSettings settings, ModelSpec spec, LoadedJob job, JobDisplay display)
{
    public async Task RunAsync(JobPart part, CancellationToken stop)
    {
        await server.CreateModelAsync(spec, stop).ConfigureAwait(false);
        SpareThreads(part.Ranks.Count + 4);
        var finish = new FinishLine(server, spec.Name, part.Patience, TimeProvider.System);
        using var training = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var ranks = part.Ranks.Select(rank => Task.Run(() => TrainAsync(rank, part.MaxSteps, finish, training), CancellationToken.None));
        await AllAsync([.. ranks]).ConfigureAwait(false);
        if (!part.Evaluates) return;
        var missing = await finish.AwaitAsync(null, stop).ConfigureAwait(false);
        await EvaluateAsync(part.Export, stop).ConfigureAwait(false);
        finish.Require(missing);
    }

    private async Task TrainAsync(int rank, int? maxSteps, FinishLine finish, CancellationTokenSource training)
    {
        try
        {
            var joined = await server.JoinAsync(spec.Name, rank, cancellationToken: training.Token).ConfigureAwait(false);
            var worker = new WatchedWorker(joined, display.Resumed);
            await using var _ = worker.ConfigureAwait(false);
            await new RankTrainer(worker, settings, job.Training, display, maxSteps).RunAsync(finish, training.Token).ConfigureAwait(false);
        }
        catch
        {
            // The other ranks of this process would wait for this one.
            await training.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task EvaluateAsync(string? export, CancellationToken stop)
    {
        var reader = await server.OpenReaderAsync(spec.Name, stop).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var evaluation = await job.Training.CreateEvaluator().EvaluateAsync(reader, stop).ConfigureAwait(false);
        if (export is not null) await ExportAsync(reader, export, stop).ConfigureAwait(false);
        display.Result(job.Training.Metric, evaluation, export);
        if (job.FindAsync is { } find) display.Found(await find(reader, stop).ConfigureAwait(false));
    }

    private static async Task ExportAsync(IParameterReader reader, string path, CancellationToken stop)
    {
        var values = TensorSet.For(reader.Spec);
        await reader.ReadLatestAsync(values, stop).ConfigureAwait(false);
        Safetensors.Save(path, reader.Spec.Parameters, values);
    }

    // Of several failures the first counts: that others were stopped because of it says nothing.
    private static async Task AllAsync(Task[] ranks)
    {
        await Task.WhenAll(ranks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (ranks.FirstOrDefault(rank => rank.IsFaulted) ?? Task.WhenAll(ranks)).ConfigureAwait(false);
    }

    // Workers compute without a pause. Without spare threads heartbeats would not get a turn.
    private static void SpareThreads(int least)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, least), completions);
    }
}
