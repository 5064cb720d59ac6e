using System.CommandLine;
using OrleansPs.Core.Specs;
using OrleansPs.Tools;
using OrleansPs.Training;

namespace OrleansPs.Ctl;

/// <summary><c>models</c>: what models there are.</summary>
internal sealed class ModelCommands(CommandFactory factory)
{
    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Option<string?> _spec = Checked.Path("--spec", "FILE", "The model's spec, as JSON");
    private readonly Option<string?> _init = Checked.Path("--init", "FILE", "A safetensors file with the first values of a new model");
    private readonly Option<bool> _partial = WeightCommands.Partial("With --init: take what matches, and say what does not");
    private readonly Option<bool> _yes = new("--yes") { Description = "Do not ask" };

    public Command Build()
    {
        _spec.Required = true;
        var models = new Command("models", "List, create, show, load, save and delete models")
        {
            factory.Create("list", "List the models", [], ListAsync),
            BuildCreate(),
            factory.Create("show", "Show what a model is and does", [_model], ShowAsync),
        };
        foreach (var command in new WeightCommands(factory).Build()) models.Subcommands.Add(command);
        models.Subcommands.Add(BuildDelete());
        return models;
    }

    private Command BuildCreate()
    {
        var command = factory.Create(
            "create", "Create a model; nothing happens if there is an equal one", [_spec, _init, _partial], CreateAsync);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_partial) && result.GetValue(_init) is null) result.AddError($"{_partial.Name} goes with {_init.Name} alone.");
        });
        return command;
    }

    private Command BuildDelete()
    {
        var command = factory.Create("delete", "Remove a model from the cluster's memory; its snapshots stay", [_model, _yes], DeleteAsync);
        command.Validators.Add(result =>
        {
            if (!factory.CanAsk && !result.GetValue(_yes)) result.AddError($"{_yes.Name} is needed where nobody can be asked.");
        });
        return command;
    }

    private async Task ListAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var names = await cluster.Server.ListModelsAsync(call.Stop).ConfigureAwait(false);
        call.Output.Show(names, () => Tables.Models(names));
    }

    private async Task CreateAsync(Call call)
    {
        var path = call.Get(_spec)!;
        var spec = ModelSpecJson.Decode(await File.ReadAllBytesAsync(path, call.Stop).ConfigureAwait(false), path);
        if (call.Get(_init) is { } init)
        {
            await CreateAsync(call, spec, init, call.Get(_partial)).ConfigureAwait(false);
            return;
        }
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        await cluster.Server.CreateModelAsync(spec, call.Stop).ConfigureAwait(false);
        call.Output.Say(new ModelName(spec.Name), $"model '{spec.Name}' is there");
    }

    private static async Task CreateAsync(Call call, ModelSpec spec, string init, bool partial)
    {
        using var file = SafetensorsFile.Open(Path.GetFullPath(init));
        WeightCommands.Require(spec, file, partial);
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var models = await cluster.Server.ListModelsAsync(call.Stop).ConfigureAwait(false);
        // What it has learnt would be lost.
        if (models.Contains(spec.Name))
            throw new CommandFailedException($"Model '{spec.Name}' is there already. The command models load begins it anew with other values.");
        await cluster.Server.CreateModelAsync(spec, call.Stop).ConfigureAwait(false);
        await WeightCommands.LoadAsync(call, spec.Name, file, partial).ConfigureAwait(false);
    }

    private async Task ShowAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var status = await cluster.Server.GetStatusAsync(call.Get(_model), call.Stop).ConfigureAwait(false);
        call.Output.Show(ModelDocument.Of(status), () => Tables.Model(status));
    }

    private async Task DeleteAsync(Call call)
    {
        var model = call.Get(_model);
        if (!call.Get(_yes)) await AskAsync(call, model).ConfigureAwait(false);
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        await cluster.Server.DeleteModelAsync(model, call.Stop).ConfigureAwait(false);
        call.Output.Say(new ModelName(model), $"model '{model}' is deleted");
    }

    private static async Task AskAsync(Call call, string model)
    {
        call.Surroundings.Error.Write($"Delete model '{model}'? What is in no snapshot is lost. [y/N] ");
        var answer = await call.Surroundings.In.ReadLineAsync(call.Stop).ConfigureAwait(false);
        if (answer?.Trim().ToUpperInvariant() is not ("Y" or "YES")) throw new CommandFailedException("Nothing was deleted.");
    }
}
