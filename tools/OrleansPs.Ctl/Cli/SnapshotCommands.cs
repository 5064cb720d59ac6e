using System.CommandLine;
using OrleansPs.Hosting;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary><c>snapshots</c>: takes and restores them, and carries them between the cluster and a directory.</summary>
internal sealed class SnapshotCommands(CommandFactory factory)
{
    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Option<long?> _restoreCut = CommandFactory.Cut("The cut [default: the newest that is whole]");
    private readonly Option<long?> _cut = CommandFactory.Cut("The cut [default: the newest]");
    private readonly Option<long?> _workers = Checked.Whole("--workers", 1, 4096, "How many workers go on [default: those of the cut]");
    private readonly Option<bool> _partial = WeightCommands.Partial("Take what matches if the model's spec has changed, and say what does not");
    private readonly Option<string?> _to = Checked.Path("--to", "DIR", "The directory, which a server in one process can restore from");
    private readonly Option<string?> _from = Checked.Path("--from", "DIR", "The directory of an export, or of a server in one process");

    public Command Build()
    {
        (_to.Required, _from.Required) = (true, true);
        return new("snapshots", "List, take, restore, export and import snapshots")
        {
            factory.Create("list", "List a model's complete snapshots", [_model], ListAsync),
            factory.Create("take", "Take a snapshot while the workers go on", [_model], TakeAsync),
            factory.Create("restore", "Put a model back to a snapshot", [_model, _restoreCut, _workers, _partial], RestoreAsync),
            factory.Create("export", "Copy a snapshot into a directory", [_model, _cut, _to], ExportAsync),
            factory.Create("import", "Copy a snapshot from a directory into the cluster", [_model, _restoreCut, _from], ImportAsync),
        };
    }

    private async Task ListAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var model = call.Get(_model);
        var snapshots = await cluster.Server.ListSnapshotsAsync(model, call.Stop).ConfigureAwait(false);
        // Those of a model that was deleted are still there; where there are none, it may be that there never was such a model.
        if (snapshots.Count == 0) await cluster.Server.GetStatusAsync(model, call.Stop).ConfigureAwait(false);
        call.Output.Show(snapshots, () => Tables.Snapshots(snapshots));
    }

    private async Task TakeAsync(Call call)
    {
        var model = call.Get(_model);
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var snapshot = await call.Progress.RunAsync(
            $"taking a snapshot of {model}", _ => cluster.Server.TakeSnapshotAsync(model, call.Stop)).ConfigureAwait(false);
        call.Output.Say(snapshot, $"{Texts.Snapshot(snapshot)} is taken");
    }

    private async Task RestoreAsync(Call call)
    {
        var model = call.Get(_model);
        var options = new RestoreOptions { Cut = call.Get(_restoreCut), Workers = (int?)call.Get(_workers) };
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        if (call.Get(_partial))
        {
            var report = await cluster.Server.RestorePartialAsync(model, options, call.Stop).ConfigureAwait(false);
            call.Output.Say(report, $"model '{model}' is put back to {Texts.Snapshot(report.Source!)}: {Texts.Loaded(report)}");
            return;
        }
        var snapshot = await cluster.Server.RestoreAsync(model, options, call.Stop).ConfigureAwait(false);
        call.Output.Say(snapshot, $"model '{model}' is put back to {Texts.Snapshot(snapshot)}");
    }

    private async Task ExportAsync(Call call)
    {
        var (model, cut, directory) = (call.Get(_model), call.Get(_cut), Path.GetFullPath(call.Get(_to)!));
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        // A server that works on the directory takes chunks without a manifest for what a crash left behind.
        using var held = SnapshotDirectoryLock.Acquire(directory);
        var snapshot = await call.Progress.RunAsync($"exporting {model}", progress =>
            new SnapshotTransfer(cluster.Admin, new DirectorySnapshotStore(directory), progress).ExportAsync(model, cut, call.Stop)).ConfigureAwait(false);
        call.Output.Say(snapshot, $"{Texts.Snapshot(snapshot)} is exported to {directory}");
    }

    private async Task ImportAsync(Call call)
    {
        var (model, cut, directory) = (call.Get(_model), call.Get(_restoreCut), Path.GetFullPath(call.Get(_from)!));
        var store = new DirectorySnapshotStore(directory);
        var manifest = await SnapshotTransfer.FindAsync(store, model, cut, call.Stop).ConfigureAwait(false);
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var snapshot = await call.Progress.RunAsync($"importing {model}", progress =>
            new SnapshotTransfer(cluster.Admin, store, progress).ImportAsync(manifest, call.Stop)).ConfigureAwait(false);
        call.Output.Say(snapshot, $"{Texts.Snapshot(snapshot)} is imported from {directory}");
    }
}
