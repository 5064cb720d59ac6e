using System.CommandLine;
using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary><c>train compare</c>: the same training under BSP, SSP, ASP and their variants, one after the other, with the same stragglers.</summary>
internal sealed class CompareCommand(Surroundings surroundings)
{
    private const string DefaultReport = "compare.html";
    private const int EvaluationsPerEpoch = 8;
    private readonly CompareOptions _options = new();

    public Command Build()
    {
        var command = new Command("compare", "Train under BSP, SSP, ASP and their variants with the same slow steps, and compare");
        foreach (var option in _options.All) command.Options.Add(option);
        command.SetAction((result, stop) => RunAsync(result, stop));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken stop)
    {
        var runs = _options.ToSettings(result);
        var target = result.GetValue(_options.Target) / 100;
        var report = result.GetValue(_options.Report) ?? DefaultReport;
        var svg = result.GetValue(_options.Svg);
        Rule.RequireWritable("--report", report);
        Rule.RequireWritable("--svg", svg);
        var directory = DataDirectory.Find(result.GetValue(_options.Data), surroundings.Variable);
        var loaded = DataDirectory.Load(_options.Job, runs[0], directory);

        var story = new Story(surroundings.Out);
        story.Data(loaded, directory);
        var records = new List<RunRecord>();
        foreach (var settings in runs.Select(r => r.For(_options.Job, loaded.Training, hasSnapshots: false)).ToArray())
        {
            story.Begin(settings, loaded);
            records.Add(await RunAsync(settings, loaded, target, stop).ConfigureAwait(false));
        }
        HtmlReport.WriteComparison(report, records);
        if (svg is not null) HtmlReport.WriteComparisonSvg(svg, records);
        surroundings.Out.Write(ComparisonTable.Of(records));
        if (svg is not null) surroundings.Out.WriteLine($"picture {Path.GetFullPath(svg)}");
        surroundings.Out.WriteLine($"report {Path.GetFullPath(report)}");
        return ExitStatus.Ok;
    }

    private async Task<RunRecord> RunAsync(RunSettings settings, LoadedJob job, double target, CancellationToken stop)
    {
        var run = await TrainingRun.StartAsync(
            settings, _options.Job, job, new(null, false, null), EvaluationsPerEpoch, surroundings.Error, stop).ConfigureAwait(false);
        await using var _ = run.ConfigureAwait(false);
        await TrainAsync(run, settings, stop).ConfigureAwait(false);
        return WithTarget(await run.ToRecordAsync(stop).ConfigureAwait(false), target);
    }

    // A run that diverges is a result, too: the others go on.
    private async Task TrainAsync(TrainingRun run, RunSettings settings, CancellationToken stop)
    {
        try
        {
            await surroundings.TrainAsync(run, settings, stop).ConfigureAwait(false);
        }
        catch (NonFiniteGradientException) when (run.Monitor.Diverged is { } diverged)
        {
            surroundings.Out.WriteLine(Texts.Of($"{settings.Label} {Format.Diverged(diverged)}, of rank {diverged.Rank}"));
        }
    }

    /// <summary>Says in a record when the target was first seen reached.</summary>
    internal static RunRecord WithTarget(RunRecord record, double target)
    {
        var reached = record.Epochs.Where(e => e.TestScore >= target).Select(e => (double?)e.Seconds).FirstOrDefault();
        return record with { TargetAccuracy = target, SecondsToTarget = reached };
    }
}
