using System.Globalization;
using OrleansPs.Training;

namespace OrleansPs.Train.Report;

/// <summary>How numbers print in a report, and shares and accuracies on the console: the same on every machine, with as many digits as mean something.</summary>
internal static class Format
{
    /// <summary>What stands for a number that is not there.</summary>
    public const string Nothing = "\u2013";

    public static string Share(double? share) => share is { } value && double.IsFinite(value) ? Print(value * 100, "0.0") + "%" : Nothing;

    /// <summary>A share of the test set: one image of ten thousand shows.</summary>
    public static string Accuracy(double? share) => share is { } value && double.IsFinite(value) ? Print(value * 100, "0.00") + "%" : Nothing;

    /// <summary>What a model is measured by.</summary>
    public static string Score(EvaluationMetric metric, double? score) => metric.IsShare ? Accuracy(score)
        : score is { } value && double.IsFinite(value) ? Print(value, "0.0000") : Nothing;

    /// <summary>How good the model of a run is in the end, or that there was no end.</summary>
    public static string FinalScore(RunRecord run) => run.Diverged is { } diverged ? Diverged(diverged) : Score(run.Metric, run.FinalScore);

    /// <summary>As in "diverged at step 12".</summary>
    public static string Diverged(Divergence diverged) => $"diverged at step {Count(diverged.Step)}";

    /// <summary>A share that someone chose: without decimals that say nothing.</summary>
    public static string Target(double share) => Print(share * 100, "0.##") + "%";

    /// <summary>A share in a picture with little room.</summary>
    public static string RoughShare(double share) => double.IsFinite(share) ? Print(share * 100, "0") + "%" : Nothing;

    public static string Count(double count) => double.IsFinite(count) ? Print(count, "#,0") : Nothing;

    public static string Loss(double loss) => loss switch
    {
        double.NaN => "not a number",
        double.PositiveInfinity => "infinite",
        >= 1e5 or <= -1e5 => Print(loss, "0.##e0"),
        _ => Print(loss, Math.Abs(loss) < 0.1 ? "0.0000" : "0.000"),
    };

    public static string Seconds(double? seconds) => seconds switch
    {
        null or double.NaN or < 0 or > 1e12 => Nothing,
        < 0.9995 => Print(seconds.Value * 1000, "0") + " ms",
        < 99.95 => Print(seconds.Value, "0.0") + " s",
        < 3599.5 => $"{Whole(seconds.Value) / 60} min {Whole(seconds.Value) % 60:00} s",
        _ => $"{Whole(seconds.Value / 60) / 60} h {Whole(seconds.Value / 60) % 60:00} min",
    };

    /// <summary>How many times another number is.</summary>
    public static string Ratio(double? ratio) => ratio is { } value && double.IsFinite(value) ? Print(value, "0.00") : Nothing;

    public static string Decimal(double value) => double.IsFinite(value) ? Print(value, Math.Abs(value) < 100 ? "0.0" : "#,0") : Nothing;

    public static string Date(DateTimeOffset when) =>
        when.ToString("d MMMM yyyy, HH:mm ", CultureInfo.InvariantCulture) + (when.Offset == TimeSpan.Zero ? "UTC" : when.ToString("zzz", CultureInfo.InvariantCulture));

    /// <summary>As in "a, b and c".</summary>
    public static string List(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    private static string Print(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static long Whole(double value) => (long)Math.Round(value);
}

/// <summary>The unit in which an axis of time is drawn.</summary>
internal sealed record TimeUnit(string Name, double Seconds)
{
    /// <summary>The one in which the longest time is a number that one reads easily.</summary>
    public static TimeUnit For(double longest) => longest switch
    {
        > 4 * 3600 => new("hours", 3600),
        > 240 => new("minutes", 60),
        _ => new("seconds", 1),
    };
}
