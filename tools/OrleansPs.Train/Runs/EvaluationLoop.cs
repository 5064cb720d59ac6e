using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>Evaluates a model on the images to test with while it is trained. It only reads, so no worker waits for it.</summary>
internal sealed class EvaluationLoop(IParameterReader reader, Evaluator evaluator, RunMonitor monitor)
{
    /// <summary>The newest evaluation, or null.</summary>
    public EpochPoint? Last { get; private set; }

    /// <summary>Does all evaluations that fall due, until the training ends; late ones at once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var due in monitor.Due.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var newest = due;
            while (monitor.Due.TryRead(out var later)) newest = later;
            await EvaluateAsync(newest, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task EvaluateAsync(EvaluationDue due, CancellationToken cancellationToken)
    {
        var evaluation = await evaluator.EvaluateAsync(reader, cancellationToken).ConfigureAwait(false);
        Last = new EpochPoint(due.Epochs, due.Seconds, due.TrainLoss, evaluation.Accuracy);
        monitor.OnEvaluated(Last.Value);
    }
}
