using System.CommandLine;
using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary><c>train JOB</c>: trains a model, shows how, and writes a report.</summary>
internal sealed class RunCommand(JobOptions job, Surroundings surroundings)
{
    private readonly RunOptions _options = new(job);

    public Command Build()
    {
        var command = new Command(job.Name, $"{job.Description}, with several workers");
        foreach (var option in _options.All) command.Options.Add(option);
        command.SetAction((result, stop) => RunAsync(result, stop));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken stop)
    {
        var settings = _options.ToSettings(result);
        var files = _options.FilesOf(result);
        var directory = DataDirectory.Find(result.GetValue(_options.Data), surroundings.Variable, job.DataName);
        var loaded = DataDirectory.Load(job, settings, directory);
        settings = settings.For(job, loaded.Training, hasSnapshots: result.GetValue(_options.Snapshots) is not null);

        var run = await TrainingRun.StartAsync(
            settings, job, loaded, _options.BeginningOf(result), job.EvaluationsPerEpoch, surroundings.Error, stop).ConfigureAwait(false);
        await using var _ = run.ConfigureAwait(false);
        var story = new Story(surroundings.Out);
        story.Data(loaded, directory);
        story.Begin(settings, loaded, run.RestoredFrom);
        await TrainAsync(run, settings, story, stop).ConfigureAwait(false);
        if (files.Export is { } export) await run.ExportAsync(export, stop).ConfigureAwait(false);
        var record = await run.ToRecordAsync(stop).ConfigureAwait(false);
        HtmlReport.Write(files.Report, record);
        if (files.Svg is { } svg) HtmlReport.WriteSvg(svg, record);
        story.End(record, run.LastSnapshot, files);
        return ExitStatus.Ok;
    }

    private async Task TrainAsync(TrainingRun run, RunSettings settings, Story story, CancellationToken stop)
    {
        try
        {
            await surroundings.TrainAsync(run, settings, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            story.Interrupted(run.LastSnapshot);
            throw;
        }
    }
}
