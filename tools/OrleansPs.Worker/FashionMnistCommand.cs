using System.CommandLine;
using OrleansPs.Tools;
using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker;

/// <summary><c>orleansps-worker fashion-mnist</c>: one process of a training of a perceptron on Fashion-MNIST.</summary>
internal sealed class FashionMnistCommand(ConnectionArguments connection, TextWriter output, Func<string, string?> variable)
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

    private async Task<int> RunAsync(ParseResult result, CancellationToken stop)
    {
        var ranks = _options.RanksOf(result);
        var export = result.GetValue(_options.Export);
        Rule.RequireWritable("--export", export);
        var data = DataDirectory.Load(DataDirectory.Find(result.GetValue(_options.Data), variable));
        var settings = _options.ToSettings(result, data.Train);
        var spec = _options.ToSpec(result, settings, data.Train);
        var cluster = await ClusterConnection.OpenAsync(connection.ToSettings(result), stop).ConfigureAwait(false);
        await using var _ = cluster.ConfigureAwait(false);
        await new TrainingJob(cluster.Server, settings, spec, data, output).RunAsync(ranks, export, stop).ConfigureAwait(false);
        return ExitStatus.Ok;
    }
}
