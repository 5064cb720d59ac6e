using System.CommandLine;
using OrleansPs.Core.Snapshots;
using OrleansPs.Tools;
using OrleansPs.Training;

namespace OrleansPs.Ctl;

/// <summary><c>models load</c> and <c>models save</c>: values of parameters from and to safetensors files.</summary>
internal sealed class WeightCommands(CommandFactory factory)
{
    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Option<long?> _cut = CommandFactory.Cut("The cut [default: the newest]");
    private readonly Option<bool> _partial = Partial("Load what matches, and say what does not");
    private readonly Option<string?> _from = Checked.Path("--from", "FILE", "A safetensors file with the names and shapes of the parameters");
    private readonly Option<string?> _to = Checked.Path("--to", "FILE", "The safetensors file; one that exists is replaced");

    public static Option<bool> Partial(string description) => new("--partial") { Description = description };

    public IEnumerable<Command> Build()
    {
        (_from.Required, _to.Required) = (true, true);
        return
        [
            factory.Create("load", "Begin a model anew with values from a file", [_model, _from, _partial], LoadAsync),
            factory.Create("save", "Write the parameters at a cut to a file", [_model, _cut, _to], SaveAsync),
        ];
    }

    /// <summary>Refuses what can't be loaded, before anything is asked of the cluster.</summary>
    /// <exception cref="WeightMismatchException">Something does not match, and must.</exception>
    public static void Require(ModelSpec spec, SafetensorsFile file, bool partial)
    {
        var report = ParameterMatch.Of(spec, file.Tensors);
        if (!partial && !report.IsComplete) throw new WeightMismatchException(spec.Name, report.Differences);
    }

    /// <summary>Loads a file, and says what came of it.</summary>
    public static async Task LoadAsync(Call call, string model, SafetensorsFile file, bool partial)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var report = await call.Progress.RunAsync(
            $"loading {model}", _ => cluster.Server.LoadAsync(model, file, new() { Partial = partial }, call.Stop)).ConfigureAwait(false);
        call.Output.Say(report, $"model '{model}' begins with {Texts.Loaded(report)} of {file.Path}");
    }

    private async Task LoadAsync(Call call)
    {
        using var file = SafetensorsFile.Open(Path.GetFullPath(call.Get(_from)!));
        await LoadAsync(call, call.Get(_model), file, call.Get(_partial)).ConfigureAwait(false);
    }

    private async Task SaveAsync(Call call)
    {
        var (model, cut, path) = (call.Get(_model), call.Get(_cut), Path.GetFullPath(call.Get(_to)!));
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var snapshot = await call.Progress.RunAsync(
            $"saving {model}", _ => Safetensors.SaveSnapshotAsync(path, cluster.Server, model, cut, call.Stop)).ConfigureAwait(false);
        call.Output.Say(snapshot, $"the parameters of {Texts.Snapshot(snapshot)} are in {path}");
    }
}
