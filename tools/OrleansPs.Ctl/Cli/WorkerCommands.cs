using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary><c>workers</c> and <c>evict</c>.</summary>
internal sealed class WorkerCommands(CommandFactory factory)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Argument<int> _rank = Checked.WholeArgument("RANK", 0, int.MaxValue, "The worker's rank");
    private readonly Option<bool> _watch = new("--watch") { Description = "Go on showing them until Ctrl-C" };

    public IEnumerable<Command> Build()
    {
        var workers = factory.Create("workers", "Show a model's workers: where they are, and whether they wait", [_model, _watch], ShowAsync);
        factory.ForbidWithJson(workers, _watch);
        return [workers, factory.Create("evict", "Take a rank out of the rounds and the gate, until it resumes", [_model, _rank], EvictAsync)];
    }

    private async Task ShowAsync(Call call)
    {
        var workers = await ReadAsync(call).ConfigureAwait(false);
        if (!call.Get(_watch)) call.Output.Show(WorkerDocument.Of(workers), () => Tables.Workers(workers));
        else await WatchAsync(call, workers).ConfigureAwait(false);
    }

    private async Task WatchAsync(Call call, IReadOnlyList<WorkerInfo> workers)
    {
        try
        {
            await call.Output.WatchAsync(Tables.Workers(workers), async () =>
            {
                await call.Surroundings.PauseAsync(s_pause, call.Stop).ConfigureAwait(false);
                return Tables.Workers(await ReadAsync(call).ConfigureAwait(false));
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            // This is how watching ends.
        }
    }

    private async Task<IReadOnlyList<WorkerInfo>> ReadAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        return (await cluster.Server.GetStatusAsync(call.Get(_model), call.Stop).ConfigureAwait(false)).Workers;
    }

    private async Task EvictAsync(Call call)
    {
        var (model, rank) = (call.Get(_model), call.Get(_rank));
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        await cluster.Server.EvictAsync(model, rank, call.Stop).ConfigureAwait(false);
        call.Output.Say(new ModelRank(model, rank), Texts.Of($"rank {rank} of model '{model}' is evicted"));
    }
}
