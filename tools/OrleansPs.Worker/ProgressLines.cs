using System.Globalization;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>Says in lines how a worker gets on: about every five seconds, and whenever it had to begin again somewhere.</summary>
internal sealed class ProgressLines(TextWriter output, IParameterWorker worker, TimeProvider time)
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(5);
    private long _shown = time.GetTimestamp();
    private long _steps;
    private long _mostStaleness;
    private long _restoredCut = worker.Position.RestoredCut;
    private long _cursor = worker.Position.Cursor;

    public void Joined() => Line(_cursor == 0 && _restoredCut == 0
        ? "joined at the beginning of its data"
        : Text($"joined at step {worker.Position.Step}, batch {_cursor} of its data{(_restoredCut > 0 ? Text($", from cut {_restoredCut}") : "")}"));

    public void OnStep(StepReport report)
    {
        _steps++;
        _mostStaleness = Math.Max(_mostStaleness, report.Staleness);
        // The position is the session's; after a restore it lies behind.
        if (worker.Position.RestoredCut != _restoredCut || report.Cursor <= _cursor) Restarted(report);
        _cursor = report.Cursor;
        var elapsed = time.GetElapsedTime(_shown);
        if (elapsed < s_period) return;
        Line(Text($"epoch {report.Epoch + 1}, step {report.Step}: loss {report.Loss:0.000}, staleness {report.Staleness} (at most {_mostStaleness}), {_steps / elapsed.TotalSeconds:0} steps/s"));
        (_shown, _steps) = (time.GetTimestamp(), 0);
    }

    public void Done() => Line(Text($"done after step {worker.Position.Step - 1}; staleness at most {_mostStaleness}"));

    private void Restarted(StepReport report)
    {
        _restoredCut = worker.Position.RestoredCut;
        Line(Text($"the model was put back to cut {_restoredCut}: went on with step {report.Step}, batch {report.Cursor} of its data"));
    }

    private void Line(string text)
    {
        lock (output) output.WriteLine(Text($"{time.GetLocalNow():HH:mm:ss} rank {worker.Rank}: {text}"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
