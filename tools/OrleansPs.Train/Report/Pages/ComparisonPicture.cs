namespace OrleansPs.Train.Report.Pages;

/// <summary>Loss and accuracy over time of several runs as a picture.</summary>
internal static class ComparisonPicture
{
    public static string Compose(IReadOnlyList<RunRecord> runs)
    {
        var charts = new LearningCharts(runs);
        var text = new ComparisonText(runs);
        var findings = runs.Count == 0 ? [] : text.Findings().Take(1).Append(text.Stragglers()).ToArray();
        return Picture.Compose(ComparisonPage.Title(runs), findings, charts.LossOverTime(), charts.AccuracyOverTime());
    }
}
