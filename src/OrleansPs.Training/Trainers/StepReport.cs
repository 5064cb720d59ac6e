namespace OrleansPs.Training;

/// <summary>What a worker's finished step was like.</summary>
/// <param name="Rank">The worker's rank.</param>
/// <param name="Step">The step's number.</param>
/// <param name="Epoch">The epoch of its data, counted from 0.</param>
/// <param name="Cursor">The rank's data cursor after it: how many steps of data are done.</param>
/// <param name="Clock">The worker's clock after it.</param>
/// <param name="Staleness">How many clocks the worker was ahead of the slowest when it was let through.</param>
/// <param name="Loss">The mean loss of its examples.</param>
/// <param name="Examples">How many examples it had.</param>
/// <param name="Time">Where its time went.</param>
public readonly record struct StepReport(
    int Rank, long Step, int Epoch, long Cursor, long Clock, long Staleness, double Loss, int Examples, StepTime Time)
{
    /// <summary>The policy that the worker was let through under, and that its next step is of; null where nobody said.</summary>
    public TrainingPolicy? Policy { get; init; }
}

/// <summary>Where the time of a step went.</summary>
/// <param name="Compute">Computing, with what a <see cref="StragglerPattern"/> adds.</param>
/// <param name="Transfer">Pulling and pushing.</param>
/// <param name="Gate">Waiting for other workers, at the end of the step.</param>
public readonly record struct StepTime(TimeSpan Compute, TimeSpan Transfer, TimeSpan Gate)
{
    /// <summary>All of it.</summary>
    public TimeSpan Total => Compute + Transfer + Gate;
}
