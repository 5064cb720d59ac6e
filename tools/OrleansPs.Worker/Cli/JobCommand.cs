using System.CommandLine;
using OrleansPs.Tools;
using OrleansPs.Train;

namespace OrleansPs.Worker;

/// <summary><c>orleansps-worker JOB</c>: one process of a training.</summary>
internal sealed class JobCommand(JobOptions job, ConnectionArguments connection, Surroundings surroundings)
{
    private readonly RankOptions _options = new(job);

    public Command Build()
    {
        var command = new Command(job.Name, $"{job.Description}, as one or more of its workers");
        foreach (var option in _options.All) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (connection.Problem(option => result.GetResult(option) is { Implicit: false }) is { } problem) result.AddError(problem);
        });
        command.SetAction((result, stop) => RunAsync(result, stop));
        return command;
    }

    // What is wrong on this side is said before anybody is asked.
    private async Task<int> RunAsync(ParseResult result, CancellationToken stop)
    {
        var part = _options.ToPart(result);
        Rule.RequireWritable("--export", part.Export);
        var settings = _options.ToSettings(result);
        var loaded = DataDirectory.Load(job, settings, DataDirectory.Find(result.GetValue(_options.Data), surroundings.Variable, job.DataName));
        settings = settings.For(job, loaded.Training, hasSnapshots: true);
        var spec = _options.ToSpec(result, settings, loaded.Training);
        var connected = await surroundings.ConnectAsync(connection.ToSettings(result), stop).ConfigureAwait(false);
        await using var _ = connected.ConfigureAwait(false);
        var display = new JobDisplay(surroundings.Out, surroundings.OutWidth, TimeProvider.System, part.Ranks);
        var training = new TrainingJob(connected.Server, settings, spec, loaded, display);
        await display.ShowAsync(training.RunAsync(part, stop)).ConfigureAwait(false);
        return ExitStatus.Ok;
    }
}
