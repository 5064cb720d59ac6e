namespace OrleansPs.Train.Report.Pages;

/// <summary>
/// What a comparison's numbers say, in sentences: who was fastest, who waited, what staleness that cost, and whether
/// bounded staleness paid. Written to be true whichever run wins.
/// </summary>
internal sealed class ComparisonText(IReadOnlyList<RunRecord> runs)
{
    /// <summary>Two times or accuracies closer than this are not told apart by one run each.</summary>
    private const double SameTime = 1.05, SameAccuracy = 0.005;

    private readonly IReadOnlyList<string> _names = runs.Names();

    /// <summary>What one sees, most important first.</summary>
    public IEnumerable<string> Findings() =>
        new[] { Speed(), Chance(), Waiting(), Backups(), Lasting(), Staleness(), Accuracy(), Updates(), Examples(), Options() }.OfType<string>();

    /// <summary>Which steps were slow, the same in all runs or run by run.</summary>
    public string Stragglers()
    {
        var different = runs.Select(run => run.Stragglers).Distinct().ToArray();
        if (different is [null]) return "No step was made slow: waiting comes from the machine's own unevenness.";
        if (different is [var same]) return $"All runs met the same stragglers: {RunText.Ended(same!)}";
        var groups = different.Select(one => $"{Format.List([.. _names.Where((_, i) => runs[i].Stragglers == one)])}: {RunText.Ended(one ?? "none")}");
        return $"The stragglers differ. {string.Join(" ", groups)}";
    }

    /// <summary>Why there is a middle way between waiting always and never, and whether it paid here.</summary>
    public string? BoundedStaleness()
    {
        if (FastestBounded() is not { } bounded) return null;
        return "Bounded staleness stands between waiting for all and waiting for nobody: a worker may run ahead, so that a straggler's slow step does not stop "
            + "the others, but only by s clocks, so that no worker computes with parameters that miss another's older updates. "
            + (IsFair() ? Verdict(bounded) : "These runs differ in more than their policy, so their times do not say whether it paid.");
    }

    private string? Speed()
    {
        if (LearningCharts.Target(runs) is not { } target) return Diverged() is { Length: > 0 } diverged ? diverged.TrimStart() : null;
        var reached = Enumerable.Range(0, runs.Count).Where(i => runs[i].SecondsToTarget is not null).OrderBy(i => runs[i].SecondsToTarget).ToArray();
        if (reached.Length == 0) return $"No run reached {Format.Target(target)} test accuracy.{Diverged()}";
        var times = Format.List([.. reached.Select(i => $"{Format.Seconds(runs[i].SecondsToTarget)} under {_names[i]}")]);
        var missed = Enumerable.Range(0, runs.Count).Except(reached).Where(i => runs[i].Diverged is null).Select(i => _names[i]).ToArray();
        return $"{Format.Target(target)} test accuracy came after {times}{Ratio(reached[^1], reached[0])}."
            + (missed.Length == 0 ? "" : $" {Format.List(missed)} did not reach it.") + Diverged();
    }

    // Which runs ended before their time, each in a sentence after a space.
    private string Diverged() => string.Concat(Enumerable.Range(0, runs.Count)
        .Select(i => runs[i].Diverged is { } diverged ? $" {_names[i]} {Format.Diverged(diverged)}: a gradient was not finite." : ""));

    private string Ratio(int slowest, int fastest) => (runs[slowest].SecondsToTarget / runs[fastest].SecondsToTarget) switch
    {
        _ when slowest == fastest => "",
        < SameTime => ", about equally fast",
        { } times when double.IsFinite(times) => $", {Format.Decimal(times)} times as long",
        _ => "",
    };

    // Where a curve is nearly flat, noise decides when it first touches a line.
    private string? Chance()
    {
        var close = Enumerable.Range(0, runs.Count).Where(i => runs[i] is { TargetAccuracy: { } target, SecondsToTarget: not null } run
            && run.Epochs.Select(p => p.TestScore).Append(run.FinalScore ?? 0).Max() - target < SameAccuracy).Select(i => _names[i]).ToArray();
        return close.Length == 0 ? null : $"{Format.List(close)} never got half a point above the target, so when it was first reached is partly chance.";
    }

    private string? Waiting()
    {
        var shares = runs.Select((run, i) => (Name: _names[i], Share: run.IdleShare())).Where(run => double.IsFinite(run.Share)).ToArray();
        if (shares.Length == 0) return null;
        var most = shares.MaxBy(run => run.Share);
        var reason = Index(RunFacts.IsSynchronous) is { } bsp && _names[bsp] == most.Name && most.Share > 0.05
            ? " Under BSP every step lasts as long as its slowest worker takes, so each slow step of one is a slow step of all." : "";
        return $"Waiting for others took {Format.List([.. shares.Select(run => $"{Format.Share(run.Share)} under {run.Name}")])} of the workers' time.{reason}";
    }

    private string? Backups() => Enumerable.Range(0, runs.Count).Where(i => runs[i].BackupWorkers > 0).Select(i => Late(_names[i], runs[i])).ToArray() is { Length: > 0 } late
        ? string.Join(" ", late) : null;

    private static string Late(string name, RunRecord run)
    {
        var most = run.Workers.MaxBy(worker => worker.RoundsMissed);
        return most is null or { RoundsMissed: 0 } ? $"Under {name} no round closed without a worker."
            : $"Under {name} a round does not wait for the slowest: a worker was left out {Format.Count(run.RoundsMissed())} times, rank {most.Rank} most often ({Format.Count(most.RoundsMissed)}), and did its step again.{LearnedLast(run, most)}";
    }

    // A rank that is always late gets its turn when the others are out of data.
    private static string LearnedLast(RunRecord run, WorkerRecord most) => run.LastingStraggler == most.Rank && most.RoundsMissed > most.Steps / 2
        ? " As it is always late, its part of the data counts for little until the others are done with theirs." : "";

    // The bound is used up once; what it does from then on is to tie all to the slowest.
    private string? Lasting()
    {
        var bounded = Enumerable.Range(0, runs.Count).Where(i => runs[i].IsBounded() && runs[i].LastingStraggler is not null).Select(i => _names[i]).ToArray();
        return bounded.Length == 0 ? null
            : $"{Format.List(bounded)} can't help against a worker that is slow all the time: once the others are as far ahead as the bound allows, it ties all of them to the slowest worker's pace, as BSP does from the first step.";
    }

    private string? Staleness()
    {
        var stale = Enumerable.Range(0, runs.Count).Where(i => runs[i].MaxStaleness() > 0).ToArray();
        if (stale.Length == 0) return null;
        var seen = stale.Select(i => $"{Format.Count(runs[i].MaxStaleness())} under {_names[i]} (mean {Format.Decimal(runs[i].MeanStaleness())})");
        return $"The price of not waiting is staleness. The furthest a worker was ahead of the slowest, in clocks: {Format.List([.. seen])}.";
    }

    private string? Accuracy()
    {
        var tested = Enumerable.Range(0, runs.Count).Where(i => runs[i].FinalScore is { } a && double.IsFinite(a))
            .OrderByDescending(i => runs[i].FinalScore).ToArray();
        if (tested.Length < 2) return null;
        var all = Format.List([.. tested.Select(i => $"{Format.Accuracy(runs[i].FinalScore)} ({_names[i]})")]);
        var gap = runs[tested[0]].FinalScore!.Value - runs[tested[^1]].FinalScore!.Value;
        return gap < SameAccuracy
            ? $"At the end the test accuracies were {all}: less than half a point apart, which one run each cannot tell from chance."
            : $"At the end the test accuracies were {all}.";
    }

    // Otherwise one would blame, or praise, staleness for what fewer updates do.
    private string? Updates() => Index(RunFacts.IsSynchronous) is { } bsp && Others() is { Length: > 0 } others
            && runs.Select(run => run.Workers.Count).Distinct().ToArray() is [var workers and > 1]
        ? $"For the same examples {_names[bsp]} makes fewer updates: one of all {workers} workers' gradients together, where {(others.Length == runs.Count - 1 ? "the others" : Format.List(others))} {(others.Length == 1 && runs.Count > 2 ? "makes" : "make")} one of each worker's."
        : null;

    private string[] Others() => [.. _names.Where((_, i) => runs[i].StalenessBound != 0)];

    private string? Examples() => runs.Select(RunFacts.Examples).Distinct().Count() <= 1
        ? null
        : $"The runs did not see equally many examples: {Format.List([.. runs.Select((run, i) => $"{Format.Count(run.Examples())} ({_names[i]})")])}.";

    // The same work for the same workers among the same stragglers: then the policy alone makes the difference.
    private bool IsFair() => runs.Select(run => (run.Workers.Count, run.Stragglers, run.Model, run.Dataset)).Distinct().Count() == 1;

    private string? Options()
    {
        string[] policy = ["consistency", "staleness", "backup-workers", "compensation", "dc-lambda"];
        var different = runs.SelectMany(run => run.Options).Where(option => !policy.Contains(option.Name.TrimStart('-')))
            .GroupBy(option => option.Name).Where(values => values.Distinct().Count() > 1 || values.Count() < runs.Count).Select(values => values.Key).ToArray();
        return different.Length == 0 ? null : $"Besides their policy the runs differ in {Format.List(different)}.";
    }

    private string Verdict(int bounded)
    {
        var bsp = Index(RunFacts.IsSynchronous) is { } b ? AgainstBsp(bounded, b) : null;
        var asp = Index(RunFacts.IsAsynchronous) is { } a ? AgainstAsp(bounded, a) : null;
        return string.Join(" ", new[] { bsp, asp }.OfType<string>());
    }

    private string? AgainstBsp(int bounded, int bsp) => Compare(bounded, bsp) switch
    {
        Outcome.Faster => $"Here {_names[bounded]} was faster to the target than {_names[bsp]}.{StillWaiting(bounded, bsp)}",
        Outcome.Slower => $"Here it did not pay: {_names[bounded]} took longer to the target than {_names[bsp]}.{StillWaiting(bounded, bsp)}",
        Outcome.Same => $"Here it made little difference: {_names[bounded]} was about as fast to the target as {_names[bsp]}.{StillWaiting(bounded, bsp)}",
        _ => null,
    };

    private string? AgainstAsp(int bounded, int asp) => Compare(bounded, asp) switch
    {
        Outcome.Faster => $"{_names[bounded]} was faster than {_names[asp]}, where staleness cost more than not waiting saved.",
        Outcome.Slower => $"{_names[asp]} was faster still: its staleness, up to {Format.Count(runs[asp].MaxStaleness())} clocks, did no harm that this run shows, but nothing would have bounded it.",
        Outcome.Same => $"{_names[asp]} was about as fast, without anything that would bound its staleness.",
        _ => null,
    };

    // A lasting straggler is soon s clocks behind, and from then on sets the pace for all.
    private string StillWaiting(int bounded, int bsp) => runs[bsp].IdleShare() > 0.1 && runs[bounded].IdleShare() > 0.7 * runs[bsp].IdleShare()
        ? $" Its workers still waited {Format.Share(runs[bounded].IdleShare())} of their time: whoever is slow all the time soon is s clocks behind, and then sets the pace as under BSP."
        : "";

    private Outcome Compare(int one, int other) => (runs[one].SecondsToTarget, runs[other].SecondsToTarget) switch
    {
        _ when LearningCharts.Target(runs) is null => Outcome.Unknown,
        (null, null) => Outcome.Unknown,
        (null, _) => Outcome.Slower,
        (_, null) => Outcome.Faster,
        var (a, b) when a * SameTime < b => Outcome.Faster,
        var (a, b) when b * SameTime < a => Outcome.Slower,
        _ => Outcome.Same,
    };

    private int? FastestBounded() => Enumerable.Range(0, runs.Count).Where(i => runs[i].IsBounded())
        .OrderBy(i => runs[i].SecondsToTarget ?? double.PositiveInfinity).Select(i => (int?)i).FirstOrDefault();

    private int? Index(Func<RunRecord, bool> has) =>
        Enumerable.Range(0, runs.Count).Where(i => has(runs[i])).Select(i => (int?)i).FirstOrDefault();

    private enum Outcome
    {
        Unknown,
        Faster,
        Same,
        Slower,
    }
}
