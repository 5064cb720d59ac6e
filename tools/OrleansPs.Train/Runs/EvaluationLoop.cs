using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>
/// Evaluates a model while it is trained. It only reads, so no worker waits for it; and one
/// that can't read just then is left out, for the training is worth more.
/// </summary>
internal sealed class EvaluationLoop(IParameterReader reader, IEvaluator evaluator, RunMonitor monitor, TextWriter warnings)
{
    /// <summary>The newest evaluation, or null.</summary>
    public EpochPoint? Last { get; private set; }

    /// <summary>Whether all that was trained so far is evaluated.</summary>
    public bool IsUpToDate => Last is { } last && last.Epoch >= monitor.Read().EpochsDone;

    /// <summary>Does all evaluations that fall due, until the training ends; late ones at once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var due in monitor.Due.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var newest = due;
            while (monitor.Due.TryRead(out var later)) newest = later;
            await TryEvaluateAsync(newest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Evaluates, or says why not.</summary>
    public async Task TryEvaluateAsync(EvaluationDue due, CancellationToken cancellationToken)
    {
        try
        {
            var evaluation = await evaluator.EvaluateAsync(reader, cancellationToken).ConfigureAwait(false);
            Last = new EpochPoint(due.Epochs, due.Seconds, due.TrainLoss, evaluation.Score);
            monitor.OnEvaluated(Last.Value);
        }
        catch (ParameterServerException e) when (e.IsTransient)
        {
            warnings.WriteLine(Texts.Of($"train: the evaluation at epoch {due.Epochs:0.##} is left out: {e.Message}"));
        }
    }
}
