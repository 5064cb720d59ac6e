using OrleansPs.Train.Report.Pages;

namespace OrleansPs.Train.Report;

/// <summary>Writes a training run, or several side by side, as one self-contained HTML page.</summary>
public static class HtmlReport
{
    /// <summary>Writes the report of one run.</summary>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="run">The run.</param>
    public static void Write(string path, RunRecord run) => File.WriteAllText(path, RunPage.Compose(run));

    /// <summary>Writes loss over time and score by epoch of one run as one static SVG, for a page that only shows pictures.</summary>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="run">The run.</param>
    public static void WriteSvg(string path, RunRecord run) => File.WriteAllText(path, RunPicture.Compose(run));

    /// <summary>Writes several runs of the same training under different consistency policies side by side.</summary>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="runs">The runs, in the order to show them.</param>
    public static void WriteComparison(string path, IReadOnlyList<RunRecord> runs) => File.WriteAllText(path, ComparisonPage.Compose(runs));

    /// <summary>Writes loss and accuracy of several runs over time as one static SVG, for a page that only shows pictures.</summary>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <param name="runs">The runs, in the order to show them.</param>
    public static void WriteComparisonSvg(string path, IReadOnlyList<RunRecord> runs) => File.WriteAllText(path, ComparisonPicture.Compose(runs));
}
