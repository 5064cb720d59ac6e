namespace OrleansPs;

/// <summary>Ready-made pieces of a training loop.</summary>
public static class ParameterWorkerExtensions
{
    /// <summary>
    /// Does one step, and does it again after <see cref="IParameterWorker.ResumeAsync"/> as often as the service asks for it.
    /// A step that turns out to have counted before the worker was told to resume is not followed by another one.
    /// </summary>
    /// <param name="worker">The session.</param>
    /// <param name="step">
    /// The step's work: pulls, computes and pushes for the data at the given position, and returns the next cursor. It
    /// must do the same for the same position.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// What the clock answered. If the worker learns only by resuming that its step has counted, the clock of the next one, with a
    /// staleness of 0.
    /// </returns>
    /// <exception cref="FencedException">Another process plays this rank now.</exception>
    public static async Task<ClockResult> RunStepAsync(
        this IParameterWorker worker, Func<WorkerPosition, CancellationToken, ValueTask<long>> step,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(step);
        while (true)
        {
            var begun = worker.Position;
            try
            {
                var cursor = await step(begun, cancellationToken).ConfigureAwait(false);
                return await worker.ClockAsync(cursor, cancellationToken).ConfigureAwait(false);
            }
            catch (StepRestartException)
            {
                var position = await worker.ResumeAsync(cancellationToken).ConfigureAwait(false);
                if (position.Step > begun.Step) return new(position.Clock, position.Clock);
            }
        }
    }

    /// <summary>Reads one parameter. In a hot loop keep a <see cref="TensorSet"/> instead: this makes one for each call.</summary>
    public static ValueTask PullAsync(
        this IParameterWorker worker, string parameter, Memory<float> values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return worker.PullAsync(new TensorSet { { parameter, values } }, cancellationToken);
    }

    /// <summary>Pushes one gradient. In a hot loop keep a <see cref="TensorSet"/> instead: this makes one for each call.</summary>
    public static ValueTask PushAsync(
        this IParameterWorker worker, string parameter, Memory<float> gradient, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return worker.PushAsync(new TensorSet { { parameter, gradient } }, cancellationToken);
    }
}
