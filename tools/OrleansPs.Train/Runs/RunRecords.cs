using System.Globalization;
using System.Runtime.InteropServices;
using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>Says what a run is, in the words of a report.</summary>
internal static class RunRecords
{
    public static RunRecord Of(RunSettings settings, JobOptions options, LoadedJob job, DateTimeOffset when) => new()
    {
        Title = $"{job.Dataset}, {Texts.Many(settings.Workers, "worker")}, {settings.Label}",
        Model = job.Model,
        Dataset = job.Dataset,
        Metric = job.Training.Metric,
        When = when,
        Machine = $"{Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
        Consistency = settings.Label,
        StalenessBound = settings.StalenessBound,
        BackupWorkers = settings.BackupWorkers,
        Stragglers = settings.Stragglers?.ToString(),
        LastingStraggler = settings.Stragglers?.LastingRank,
        Options = [.. Options(settings, options)],
    };

    private static IEnumerable<NamedValue> Options(RunSettings s, JobOptions job)
    {
        yield return new("--workers", Text(s.Workers));
        yield return new("--consistency", s.Consistency);
        if (s.Consistency == "ssp") yield return new("--staleness", Text(s.Staleness));
        if (s.Switches.Length > 0) yield return new("--switch", string.Join<PolicySwitch>(',', s.Switches));
        if (s.BackupWorkers > 0) yield return new("--backup-workers", Text(s.BackupWorkers));
        if (s.Compensation != "none") yield return new("--compensation", s.Compensation);
        if (s.Compensation == "dc") yield return new("--dc-lambda", Text(s.DcLambda));
        foreach (var (name, value) in job.Describe(s)) yield return new(name, value);
        yield return new("--epochs", Text(s.Epochs));
        yield return new("--batch", Text(s.Batch));
        yield return new("--seed", Text(s.Seed));
        yield return new("--block-bytes", Text(s.BlockBytes));
        if (s.Compression != "none") yield return new("--compression", s.Compression);
        if (s.Prefetch) yield return new("--prefetch", "on");
        if (s.SnapshotEvery > 0) yield return new("--snapshot-every", Text(s.SnapshotEvery));
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
