using OrleansPs.Train.Report.Charts;
using OrleansPs.Training;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The charts of loss and accuracy, for one run or for several in one picture.</summary>
internal sealed class LearningCharts(IReadOnlyList<RunRecord> runs)
{
    private readonly IReadOnlyList<string> _names = runs.Names();

    private readonly EvaluationMetric _metric = runs.Count > 0 ? runs[0].Metric : EvaluationMetric.Accuracy;

    private readonly TimeUnit _unit = TimeUnit.For(runs.Select(Last).Where(Axis.CanDraw).DefaultIfEmpty(0).Max());

    public LineChart LossOverTime() => new("Training loss over time", Describe("loss", Losses, p => p.Loss, Format.Loss),
        Series(run => Curve.Smooth(run.Losses.Select(p => (p.Seconds / _unit.Seconds, p.Loss)), Curve.PartsFor(run.Losses.Count)), hasMarks: false))
    {
        XTitle = _unit.Name, YTitle = "training loss", XFormat = Time, YFormat = Format.Loss,
    };

    public LineChart LossOverExamples() => new("Training loss over examples", Describe("loss", Losses, p => p.Loss, Format.Loss),
        Series(run => Curve.Smooth(run.Losses.Select(p => ((double)p.Examples, p.Loss)), Curve.PartsFor(run.Losses.Count)), hasMarks: false))
    {
        XTitle = "examples seen by all workers", YTitle = "training loss", XFormat = x => $"{Format.Count(x)} examples", YFormat = Format.Loss,
    };

    public LineChart AccuracyOverTime() => Accuracy("Test accuracy over time", p => p.Seconds / _unit.Seconds) with
    {
        XTitle = _unit.Name, XFormat = Time,
    };

    public LineChart AccuracyByEpoch() => Accuracy($"{MetricText.Heading(_metric)} by epoch", p => p.Epoch) with
    {
        XTitle = "epochs", XFormat = x => $"epoch {Svg.Number(x)}",
    };

    /// <summary>The target that all runs with a target share.</summary>
    public static double? Target(IReadOnlyList<RunRecord> runs) =>
        runs.Select(run => run.TargetAccuracy).OfType<double>().Distinct().ToArray() is [var only] ? only : null;

    private static IReadOnlyList<LossPoint> Losses(RunRecord run) => run.Losses;

    private static double Last(RunRecord run) =>
        run.Losses.Select(p => p.Seconds).Concat(run.Epochs.Select(p => p.Seconds)).Where(Axis.CanDraw).DefaultIfEmpty(0).Max();

    private LineChart Accuracy(string title, Func<EpochPoint, double> x) => new(title,
        Describe(_metric.IsShare ? "accuracy" : _metric.Name, run => run.Epochs, p => p.TestScore, Score),
        Series(run => [.. run.Epochs.Select(p => new CurvePoint(x(p), p.TestScore))], hasMarks: true))
    {
        XTitle = "", YTitle = _metric.Name, XFormat = Svg.Number, YFormat = Score, IsShare = _metric.IsShare,
        Reference = Target(runs) is { } target ? (target, $"target {Format.Target(target)}") : null,
    };

    private string Score(double value) => _metric.IsShare ? Format.Share(value) : Format.Score(_metric, value);

    private string Time(double value) => Format.Seconds(value * _unit.Seconds);

    private LineSeries[] Series(Func<RunRecord, IReadOnlyList<CurvePoint>> points, bool hasMarks) =>
        [.. runs.Select((run, i) => new LineSeries(_names[i], i, points(run)) { HasMarks = hasMarks, HasBand = !hasMarks && runs.Count == 1 })];

    // For those who cannot see the lines: where each begins and ends.
    private string Describe<T>(string what, Func<RunRecord, IReadOnlyList<T>> points, Func<T, double> value, Func<double, string> print) =>
        string.Join(" ", runs.Select((run, i) => points(run) is { Count: > 0 } all
            ? $"{_names[i]}: {what} from {print(value(all[0]))} to {print(value(all[^1]))}."
            : $"{_names[i]}: nothing was measured."));
}
