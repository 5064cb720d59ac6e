namespace OrleansPs.Train;

/// <summary>How long a training is, in steps of all its workers together.</summary>
/// <param name="Epochs">How often the data is gone through.</param>
/// <param name="StepsPerEpoch">Steps of all shards in an epoch.</param>
/// <param name="EvaluationsPerEpoch">How often an epoch is evaluated, at its end and evenly before.</param>
internal sealed record RunExtent(int Epochs, long StepsPerEpoch, int EvaluationsPerEpoch)
{
    public long Steps => Epochs * StepsPerEpoch;

    public double EpochsOf(long steps) => (double)steps / StepsPerEpoch;

    /// <summary>Whether the step that was the so-many-th is one to evaluate after.</summary>
    public bool IsEvaluationDue(long steps) =>
        steps * EvaluationsPerEpoch / StepsPerEpoch > (steps - 1) * EvaluationsPerEpoch / StepsPerEpoch;
}
