using System.Globalization;

namespace OrleansPs.Torture;

/// <summary>Whether the service kept what it promises, in one line.</summary>
internal sealed record Verdict(bool Passed, string Line)
{
    public int ExitStatus => Passed ? 0 : 1;

    public static Verdict Of(Figures figures)
    {
        var broken = Broken(figures).ToArray();
        var line = broken.Length == 0 ? $"PASS: {Summary(figures)}" : $"FAIL: {Reasons(broken)}; {Summary(figures)}";
        return new(broken.Length == 0, line);
    }

    /// <summary>The verdict where the cluster did not even come up.</summary>
    public static Verdict NoRun(int seed, string why) => new(false, Invariant($"FAIL: {why.ReplaceLineEndings(" ").TrimEnd('.')}; seed {seed}"));

    // A run in which nothing happened proves nothing.
    private static IEnumerable<string> Broken(Figures figures)
    {
        if (figures.Lost > 0) yield return $"{Count(figures.Lost)} pushes lost";
        if (figures.Twice > 0) yield return $"{Count(figures.Twice)} pushes twice";
        if (figures.SnapshotsWrong > 0) yield return $"{Count(figures.SnapshotsWrong)} snapshots wrong";
        if (figures.StalePulls > 0) yield return $"{Count(figures.StalePulls)} pulls without the worker's own pushes";
        if (figures.Replicated && figures.Restores > 0) yield return $"{Count(figures.Restores)} restores";
        if (figures.SetBack > 0 && figures.Restores == 0) yield return $"{Count(figures.SetBack)} finished steps forgotten";
        foreach (var problem in figures.Problems) yield return problem.TrimEnd('.');
        if (figures.Acknowledged == 0) yield return "no push was acknowledged";
        if (figures.SnapshotsCompleted <= figures.SnapshotsUnread) yield return "no snapshot could be checked";
    }

    private static string Reasons(string[] broken) =>
        string.Join(", ", broken.Take(3)) + (broken.Length > 3 ? $" and {broken.Length - 3} more" : "");

    private static string Summary(Figures f) => string.Join(", ", Parts(f).OfType<string>());

    private static IEnumerable<string?> Parts(Figures f)
    {
        yield return Invariant($"{f.Minutes:0.##} min");
        yield return Invariant($"seed {f.Seed}: {f.Faults.Values.Sum()} faults");
        yield return $"{Count(f.Acknowledged)} pushes acknowledged";
        yield return $"{Count(f.Lost)} lost";
        yield return $"{Count(f.Twice)} twice";
        yield return f.Restores > 0 ? $"{Count(f.TakenBack)} taken back in {Count(f.Restores)} restores" : null;
        yield return $"{Count(f.SnapshotsCompleted)} of {Count(f.SnapshotsAttempted)} snapshots";
        yield return f.SnapshotsUnread > 0 ? $"{Count(f.SnapshotsUnread)} unread" : null;
        yield return $"{Count(f.SnapshotsWrong)} wrong";
        yield return f.UnavailableMedian is { } median
            ? Invariant($"unavailable median {median:0.00} s, longest {f.UnavailableLongest:0.00} s") : "no silo with blocks killed";
        yield return Invariant($"withheld {100 * f.Withheld:0} %");
        yield return f.WithoutNetwork is { } why ? $"network not cut ({why.TrimEnd('.')})" : null;
    }

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
