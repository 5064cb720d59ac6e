using OrleansPs.Training;

namespace OrleansPs.Train.Report.Pages;

/// <summary>What a page calls the metric of its run.</summary>
internal static class MetricText
{
    public static string Heading(EvaluationMetric metric) => Capital(metric.Name);

    public static string Chart(EvaluationMetric metric) => metric == EvaluationMetric.Accuracy ? "Accuracy by epoch" : $"{Heading(metric)} by epoch";

    public static string Meaning(EvaluationMetric metric) =>
        metric == EvaluationMetric.Accuracy ? "The share of the test set that the model had right."
        : metric == EvaluationMetric.Auc ? "The probability that the model ranks an example of the class above one that is not of it: 0.5 is chance, 1 is perfect."
        : metric == EvaluationMetric.Rmse ? "By how much predictions of the test set are off, as the root of the mean square."
        : "How well the order of the words' cosines follows that of their pointwise mutual information in the text: 0 is chance.";

    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
