using System.CommandLine;
using OrleansPs.Core.Specs;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary><c>models</c>: what models there are.</summary>
internal sealed class ModelCommands(CommandFactory factory)
{
    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Option<string?> _spec = Checked.Path("--spec", "FILE", "The model's spec, as JSON");
    private readonly Option<bool> _yes = new("--yes") { Description = "Do not ask" };

    public Command Build()
    {
        _spec.Required = true;
        return new("models", "List, create, show and delete models")
        {
            factory.Create("list", "List the models", [], ListAsync),
            factory.Create("create", "Create a model; nothing happens if there is an equal one", [_spec], CreateAsync),
            factory.Create("show", "Show what a model is and does", [_model], ShowAsync),
            BuildDelete(),
        };
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
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        await cluster.Server.CreateModelAsync(spec, call.Stop).ConfigureAwait(false);
        call.Output.Say(new ModelName(spec.Name), $"model '{spec.Name}' is there");
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
