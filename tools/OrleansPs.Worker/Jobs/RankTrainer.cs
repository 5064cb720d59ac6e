using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>Trains as one of a model's workers, until all of them are done.</summary>
internal sealed class RankTrainer(IParameterWorker worker, RunSettings settings, ITrainingJob job, JobDisplay display, int? maxSteps)
{
    private readonly DataParallelTrainer _trainer = new(
        worker, job.CreateObjective(settings.Batch), settings.ToTrainerOptions());

    private long _steps;

    public async Task RunAsync(FinishLine finish, CancellationToken stop)
    {
        display.Joined(worker.Rank, worker.Position);
        try
        {
            while (await TrainAsync(stop).ConfigureAwait(false))
            {
                display.Done(worker.Rank, worker.Position);
                var missing = await finish.AwaitAsync(worker.Rank, stop).ConfigureAwait(false);
                if (missing.All(other => other.Rank != worker.Rank)) return;
                // The model was put back to a cut, and this rank's part has to be done again.
                await worker.ResumeAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            display.Leaving(worker.Rank, worker.Position, "is stopped");
            throw;
        }
    }

    /// <summary>Trains until the rank's data is used up.</summary>
    /// <returns>False if the rank has left before.</returns>
    private async Task<bool> TrainAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await _trainer.RunAsync(report => OnStep(report, limit), limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (_steps >= maxSteps && !stop.IsCancellationRequested)
        {
            display.Leaving(worker.Rank, worker.Position, "has done its --max-steps");
            await LeaveAsync(stop).ConfigureAwait(false);
            return false;
        }
    }

    private async Task LeaveAsync(CancellationToken stop)
    {
        try
        {
            await worker.LeaveAsync(stop).ConfigureAwait(false);
        }
        catch (StepRestartException)
        {
            // There are steps to do again, for whoever joins next. The session takes leave when it is disposed.
        }
    }

    // Between two steps: nothing is under way that the cancellation could abort.
    private void OnStep(StepReport report, CancellationTokenSource limit)
    {
        display.OnStep(report);
        if (++_steps >= maxSteps) limit.Cancel();
    }
}
