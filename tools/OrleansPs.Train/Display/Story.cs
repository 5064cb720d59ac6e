using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>What is said before and after a run's display.</summary>
internal sealed class Story(TextWriter output)
{
    public void Data(LoadedJob job, string directory) => output.WriteLine($"{job.Dataset}: {job.Examples}, from {directory}");

    public void Begin(RunSettings settings, LoadedJob job, SnapshotInfo? restored = null)
    {
        output.WriteLine(Texts.Of(
            $"{job.Model}, {settings.Summary()}, {settings.Label}, {Texts.Many(settings.Workers, "worker")}, {Texts.Many(settings.Epochs, "epoch")}"));
        if (settings.Stragglers is { } stragglers) output.WriteLine($"stragglers: {stragglers}");
        if (restored is not null) output.WriteLine(Texts.Of($"resumed from snapshot {restored.Cut}, {RoundOf(restored, settings)}"));
    }

    public void End(RunRecord record, SnapshotInfo? snapshot, RunFiles files)
    {
        output.WriteLine($"{record.Metric.Name} {Format.Score(record.Metric, record.FinalScore)}");
        output.WriteLine(StalenessOf(record));
        if (record.HasChanged()) foreach (var policy in record.Policies) output.WriteLine($"  {StalenessOf(policy)}");
        if (record.BackupWorkers > 0) output.WriteLine(Texts.Of($"rounds missed {record.RoundsMissed()}"));
        foreach (var line in record.Findings?.Lines ?? []) output.WriteLine(line);
        foreach (var row in record.Findings?.Rows ?? []) output.WriteLine($"  {row[0]}: {string.Join("; ", row.Skip(1))}");
        output.WriteLine($"time {Texts.Seconds(record.Seconds)}, {Texts.Count(record.ExamplesPerSecond())} examples/s");
        if (snapshot is not null) output.WriteLine(Texts.Of($"snapshot {snapshot.Cut}"));
        if (files.Export is { } export) output.WriteLine($"parameters {Path.GetFullPath(export)}");
        if (files.Svg is { } svg) output.WriteLine($"picture {Path.GetFullPath(svg)}");
        output.WriteLine($"report {Path.GetFullPath(files.Report)}");
    }

    public void Interrupted(SnapshotInfo? snapshot) => output.WriteLine(snapshot is null
        ? "interrupted"
        : Texts.Of($"interrupted; snapshot {snapshot.Cut} taken, go on with --resume"));

    private static string RoundOf(SnapshotInfo snapshot, RunSettings settings) =>
        Texts.Of($"{(settings.Consistency == "bsp" ? "round" : "slowest clock")} {snapshot.Round}");

    private static string StalenessOf(RunRecord record)
    {
        var bound = record.HasChanged() ? "bounds changed" : BoundOf(record.StalenessBound);
        return Texts.Of($"staleness max {record.MaxStaleness()}, mean {Texts.Mean(record.MeanStaleness())}, {bound} ({record.Consistency})");
    }

    private static string StalenessOf(PolicySpan policy) => Texts.Of(
        $"{policy.Policy} from epoch {policy.Epoch:0.##}: staleness max {policy.MaxStaleness}, {BoundOf(policy.StalenessBound)}");

    private static string BoundOf(int? bound) => bound is { } s ? Texts.Of($"bound {s}") : "no bound";
}
