using System.Globalization;

namespace OrleansPs.Ctl;

/// <summary>How numbers are shown, the same on every machine.</summary>
internal static class Texts
{
    private static readonly string[] s_units = ["KiB", "MiB", "GiB", "TiB"];

    public static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Count(long number) => Of($"{number:#,0}");

    public static string Many(long number, string thing) => Of($"{number:#,0} {thing}{(number == 1 ? "" : "s")}");

    public static string Bytes(long bytes)
    {
        if (bytes < 1024) return Of($"{bytes} B");
        var (value, unit) = (bytes / 1024.0, 0);
        for (; value >= 1023.95 && unit < s_units.Length - 1; unit++) value /= 1024;
        return Of($"{value:0.0} {s_units[unit]}");
    }

    public static string Time(DateTimeOffset time) => Of($"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");

    public static string Seconds(double seconds) => Of($"{seconds:#,0.0} s");

    public static string YesNo(bool value) => value ? "yes" : "no";

    public static string Status(WorkerStatus status) => status switch
    {
        WorkerStatus.OutOfData => "out of data",
        _ => status.ToString().ToLowerInvariant(),
    };

    /// <summary>How much of a model got its values, and what not.</summary>
    public static string Loaded(LoadReport report)
    {
        var all = report.Loaded.Count + report.Missing.Count + report.Mismatched.Count;
        var loaded = report.Loaded.Count == all ? all == 1 ? "its one parameter" : $"all {Many(all, "parameter")}" : $"{Count(report.Loaded.Count)} of {Many(all, "parameter")}";
        var fresh = report.FreshState.Count == 0 ? "" : $"optimizer state anew for {Many(report.FreshState.Count, "parameter")}";
        string[] notes = [.. new[] { report.Differences, fresh }.Where(note => note.Length > 0)];
        return notes.Length == 0 ? loaded : $"{loaded} ({string.Join("; ", notes)})";
    }

    public static string Snapshot(SnapshotInfo snapshot) => Of($"snapshot {snapshot.Cut} of round {snapshot.Round} ({Bytes(snapshot.Bytes)})");
}
