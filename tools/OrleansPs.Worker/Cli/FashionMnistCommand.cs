using System.CommandLine;
using OrleansPs.Tools;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary><c>orleansps-worker fashion-mnist</c>: one process of a training of a perceptron on Fashion-MNIST.</summary>
internal sealed class FashionMnistCommand(ConnectionArguments connection, Surroundings surroundings)
{
    private readonly FashionMnistOptions _options = new();

    public Command Build()
    {
        var command = new Command("fashion-mnist", "Train a perceptron on Fashion-MNIST, as one or more of its workers");
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
        var data = DataDirectory.Load(DataDirectory.Find(result.GetValue(_options.Data), surroundings.Variable));
        settings = settings.For(data.Train, hasSnapshots: true);
        var spec = _options.ToSpec(result, settings, data.Train);
        var connected = await surroundings.ConnectAsync(connection.ToSettings(result), stop).ConfigureAwait(false);
        await using var _ = connected.ConfigureAwait(false);
        var display = new JobDisplay(surroundings.Out, surroundings.OutWidth, TimeProvider.System, part.Ranks);
        var job = new TrainingJob(connected.Server, settings, spec, data, display);
        await display.ShowAsync(job.RunAsync(part, stop)).ConfigureAwait(false);
        return ExitStatus.Ok;
    }
}
