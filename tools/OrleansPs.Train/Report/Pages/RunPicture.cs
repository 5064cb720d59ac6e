namespace OrleansPs.Train.Report.Pages;

/// <summary>Loss over time and score by epoch of one run as a picture.</summary>
internal static class RunPicture
{
    public static string Compose(RunRecord run)
    {
        var charts = new LearningCharts([run]);
        return Picture.Compose(run.Title, [.. RunText.Lead(run), .. Result(run)], charts.LossOverTime(), charts.AccuracyByEpoch());
    }

    private static IEnumerable<string> Result(RunRecord run)
    {
        if (run.FinalScore is { } score) yield return $"{MetricText.Heading(run.Metric)} at the end: {Format.Score(run.Metric, score)}.";
    }
}
