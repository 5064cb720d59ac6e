using System.Globalization;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>Trains as some of a model's workers, on whatever server it is given; who plays rank 0 evaluates in the end.</summary>
internal sealed class TrainingJob(IParameterServer server, RunSettings settings, ModelSpec spec, FashionMnist data, TextWriter output)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(IReadOnlyList<int> ranks, string? export, CancellationToken stop)
    {
        await server.CreateModelAsync(spec, stop).ConfigureAwait(false);
        SpareThreads(ranks.Count + 4);
        using var training = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(ranks.Select(rank => Task.Run(() => TrainAsync(rank, training), CancellationToken.None))).ConfigureAwait(false);
        if (ranks.Contains(0) || export is not null) await EvaluateAsync(export, stop).ConfigureAwait(false);
    }

    private async Task TrainAsync(int rank, CancellationTokenSource training)
    {
        try
        {
            var worker = await server.JoinAsync(spec.Name, rank, cancellationToken: training.Token).ConfigureAwait(false);
            await using var _ = worker.ConfigureAwait(false);
            var lines = new ProgressLines(output, worker, TimeProvider.System);
            lines.Joined();
            var objective = new ImageObjective(new(settings.SizesFor(data.Train), settings.Batch), data.Train);
            var trainer = new DataParallelTrainer(worker, objective, settings.ToTrainerOptions());
            await trainer.RunAsync(lines.OnStep, training.Token).ConfigureAwait(false);
            lines.Done();
            // Until all are done the model may be put back to a cut, and this rank's part has to be done again.
            while (!await AwaitOthersAsync(rank, training.Token).ConfigureAwait(false))
            {
                await worker.ResumeAsync(training.Token).ConfigureAwait(false);
                await trainer.RunAsync(lines.OnStep, training.Token).ConfigureAwait(false);
            }
        }
        catch
        {
            // The other ranks of this process would wait for this one.
            await training.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until all workers are done.</summary>
    /// <returns>False if this rank no longer is.</returns>
    private async Task<bool> AwaitOthersAsync(int rank, CancellationToken stop)
    {
        using var looks = new PeriodicTimer(s_look);
        while (true)
        {
            var status = await server.GetStatusAsync(spec.Name, stop).ConfigureAwait(false);
            if (!IsDone(status.Workers.Single(w => w.Rank == rank))) return false;
            if (status.Workers.All(IsDone)) return true;
            await looks.WaitForNextTickAsync(stop).ConfigureAwait(false);
        }
    }

    private static bool IsDone(WorkerInfo worker) => worker.Status is WorkerStatus.OutOfData or WorkerStatus.Left;

    private async Task EvaluateAsync(string? export, CancellationToken stop)
    {
        var reader = await server.OpenReaderAsync(spec.Name, stop).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        var evaluator = new Evaluator(settings.SizesFor(data.Test), data.Test);
        var evaluation = await evaluator.EvaluateAsync(reader, stop).ConfigureAwait(false);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"test accuracy {100 * evaluation.Accuracy:0.00} %, loss {evaluation.Loss:0.000}"));
        if (export is not null) Safetensors.Save(export, reader.Spec.Parameters, evaluator.Parameters);
    }

    // Workers compute without a pause. Without spare threads heartbeats would not get a turn.
    private static void SpareThreads(int least)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, least), completions);
    }
}
