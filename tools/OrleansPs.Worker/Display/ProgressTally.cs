using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>What the ranks of this process have done since somebody looked. Its display's lock guards it.</summary>
internal sealed class ProgressTally
{
    private readonly Dictionary<int, StepReport> _newest = [];
    private readonly Dictionary<int, long> _mostStaleness = [];
    private int _steps;
    private double _loss;
    private long _staleness;

    public void Add(in StepReport report)
    {
        _newest[report.Rank] = report;
        _steps++;
        _loss += report.Loss;
        _staleness = Math.Max(_staleness, report.Staleness);
        _mostStaleness[report.Rank] = Math.Max(MostStalenessOf(report.Rank), report.Staleness);
    }

    /// <summary>The highest staleness of a rank.</summary>
    public long MostStalenessOf(int rank) => _mostStaleness.GetValueOrDefault(rank);

    /// <summary>Forgets where a rank was: it goes on elsewhere.</summary>
    public void Forget(int rank) => _newest.Remove(rank);

    /// <summary>A line about all steps since the last one; null where there was none.</summary>
    public string? Take(TimeSpan elapsed)
    {
        if (_steps == 0 || _newest.Count == 0) return null;
        var slowest = _newest.Values.MinBy(report => report.Cursor);
        var line = FormattableString.Invariant(
            $"epoch {slowest.Epoch + 1}, step {slowest.Step}: loss {_loss / _steps:0.000}, staleness {_staleness} (at most {_mostStaleness.Values.Max()}), {_steps / elapsed.TotalSeconds:0.#} steps/s");
        (_steps, _loss, _staleness) = (0, 0, 0);
        return line;
    }
}
