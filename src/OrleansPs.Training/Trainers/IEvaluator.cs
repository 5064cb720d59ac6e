namespace OrleansPs.Training;

/// <summary>Measures how good a model is. It need not be thread safe.</summary>
public interface IEvaluator
{
    /// <summary>Reads what a model holds now and evaluates it.</summary>
    Task<Evaluation> EvaluateAsync(IParameterReader reader, CancellationToken cancellationToken = default);
}

/// <summary>How good a model is.</summary>
/// <param name="Examples">On how many examples it was tested.</param>
/// <param name="Loss">Their mean loss; NaN where there is none.</param>
/// <param name="Score">What the job is measured by, see <see cref="ITrainingJob.Metric"/>.</param>
public readonly record struct Evaluation(int Examples, double Loss, double Score);

/// <summary>What a model is measured by.</summary>
/// <param name="Name">Its name within a sentence, such as "test accuracy".</param>
/// <param name="IsShare">Whether it is a share, 0 to 1, that prints as a percentage.</param>
/// <param name="IsError">Whether less is better.</param>
public sealed record EvaluationMetric(string Name, bool IsShare = false, bool IsError = false)
{
    /// <summary>The share of examples to test with whose class was found.</summary>
    public static EvaluationMetric Accuracy { get; } = new("test accuracy", IsShare: true);

    /// <summary>The area under the ROC curve, see <see cref="Metrics.AreaUnderRocCurve"/>.</summary>
    public static EvaluationMetric Auc { get; } = new("test AUC");

    /// <summary>The root of the mean squared error.</summary>
    public static EvaluationMetric Rmse { get; } = new("test RMSE", IsError: true);

    /// <summary>Spearman's correlation of the words' cosine with how much more often than by chance they are near each other.</summary>
    public static EvaluationMetric WordSimilarity { get; } = new("Spearman of cosine and PMI");
}
