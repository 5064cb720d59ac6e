using System.Globalization;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary>
/// Says how this process gets on: what happens to a rank in lines, and in between how far they are, in a line every few
/// seconds, or on a terminal in one that changes.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class JobDisplay
{
    private const string Erase = "\r\u001b[K";
    private static readonly TimeSpan s_longestSilence = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly TextWriter _output;
    private readonly int? _width;
    private readonly TimeProvider _time;
    private readonly TimeSpan _period;
    private readonly string _who;
    private readonly HashSet<int> _working;
    private readonly ProgressTally _tally = new();
    private TimeSpan _nextSilence;
    private long _shown;
    private long _progressed;
    private string _live = "";

    /// <summary>Makes the display of some ranks.</summary>
    /// <param name="output">Where it goes to.</param>
    /// <param name="width">The width of the terminal that it is; null for none.</param>
    /// <param name="time">The time that lines begin with, and that speed is measured with.</param>
    /// <param name="ranks">The ranks, in order.</param>
    public JobDisplay(TextWriter output, int? width, TimeProvider time, IReadOnlyList<int> ranks)
    {
        _output = output;
        _width = width;
        _time = time;
        _period = TimeSpan.FromSeconds(width is null ? 5 : 1);
        _nextSilence = _period;
        _who = ranks.Count == 1 ? Of($"rank {ranks[0]}") : Of($"ranks {ranks[0]}-{ranks[^1]}");
        _working = [.. ranks];
        _shown = _progressed = time.GetTimestamp();
    }

    /// <summary>Shows progress until a job is over.</summary>
    public async Task ShowAsync(Task job)
    {
        while (!job.IsCompleted)
        {
            using var pause = new CancellationTokenSource();
            await Task.WhenAny(job, Task.Delay(_period, _time, pause.Token)).ConfigureAwait(false);
            await pause.CancelAsync().ConfigureAwait(false);
            if (!job.IsCompleted) Show();
        }
        lock (_lock) Clear();
        await job.ConfigureAwait(false);
    }

    /// <summary>Shows how far it is now.</summary>
    public void Show()
    {
        lock (_lock)
        {
            if (Progress() is not { } text) return;
            if (_width is null) Line(_who, text);
            else ShowLive($"{_who}: {text}");
        }
    }

    public void OnStep(StepReport report)
    {
        lock (_lock) _tally.Add(report);
    }

    public void Joined(int rank, WorkerPosition position) => Say(rank, position is { Cursor: 0, RestoredCut: 0 }
        ? "joined at the beginning of its data"
        : Of($"joined at step {position.Step}, batch {position.Cursor} of its data{(position.RestoredCut > 0 ? "," : "")}{From(position.RestoredCut)}"));

    /// <summary>A rank had to be taken up again.</summary>
    public void Resumed(int rank, WorkerPosition before, WorkerPosition after)
    {
        lock (_lock)
        {
            _tally.Forget(rank);
            _working.Add(rank);
        }
        var isPutBack = after.RestoredCut != before.RestoredCut || after.Step < before.Step;
        Say(rank, isPutBack
            ? Of($"the model was put back: went on{From(after.RestoredCut)} at step {after.Step}")
            : Of($"was restarted: went on at step {after.Step}"));
    }

    public void Done(int rank, WorkerPosition position)
    {
        lock (_lock)
        {
            _working.Remove(rank);
            Line(Of($"rank {rank}"), Of($"done with all of its data after {position.Step} step{(position.Step == 1 ? "" : "s")}; staleness at most {_tally.MostStalenessOf(rank)}"));
        }
    }

    public void Leaving(int rank, WorkerPosition position, string why) => Say(rank, Of($"{why}: leaves at step {position.Step}"));

    /// <summary>How good the model is in the end.</summary>
    public void Result(EvaluationMetric metric, Evaluation evaluation, string? export)
    {
        lock (_lock)
        {
            Clear();
            _output.WriteLine(Of($"{metric.Name} {evaluation.Score:0.0000}"));
            if (export is not null) _output.WriteLine($"parameters {Path.GetFullPath(export)}");
        }
    }

    /// <summary>What the model shows beside how good it is.</summary>
    public void Found(Findings findings)
    {
        lock (_lock)
        {
            foreach (var line in findings.Lines) _output.WriteLine(line);
            foreach (var row in findings.Rows) _output.WriteLine($"  {row[0]}: {string.Join("; ", row.Skip(1))}");
        }
    }

    private static string From(long cut) => cut > 0 ? Of($" from cut {cut}") : "";

    private string? Progress()
    {
        var now = _time.GetTimestamp();
        var text = _tally.Take(_time.GetElapsedTime(_shown, now));
        _shown = now;
        if (text is null) return Silence(_time.GetElapsedTime(_progressed, now));
        (_progressed, _nextSilence) = (now, _period);
        return text;
    }

    // In a log less and less often: it may take long until the others have joined.
    private string? Silence(TimeSpan silence)
    {
        if (silence < _nextSilence) return null;
        if (_width is null) _nextSilence = silence + (silence < s_longestSilence ? silence : s_longestSilence);
        return _working.Count == 0
            ? Of($"waits for the other workers to be done, for {silence.TotalSeconds:0} s")
            : Of($"no step has ended for {silence.TotalSeconds:0} s");
    }

    private void Say(int rank, string text)
    {
        lock (_lock) Line(Of($"rank {rank}"), text);
    }

    private void Line(string who, string text)
    {
        var live = _live;
        Clear();
        _output.WriteLine(Of($"{_time.GetLocalNow():HH:mm:ss} {who}: {text}"));
        ShowLive(live);
    }

    // Other processes may write to the same terminal.
    private void Clear()
    {
        if (_width is not null) _output.Write(Erase);
        _live = "";
        _output.Flush();
    }

    private void ShowLive(string text)
    {
        if (text.Length >= _width) text = text[..(_width.Value - 1)];
        if (_live != text) _output.Write(Erase + text);
        _live = text;
        _output.Flush();
    }

    private static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
