using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Torture;

/// <summary><c>worker</c>: one rank, in a process of its own, which the run starts and kills.</summary>
internal static class WorkerCommand
{
    public static Command Build()
    {
        Argument<string> silos = new("silos"), model = new("model"), ledger = new("ledger");
        Argument<int> rank = new("rank"), rest = new("rest");
        var command = new Command("worker", "Train as one rank of a model") { Hidden = true };
        foreach (var argument in (Argument[])[silos, model, rank, ledger, rest]) command.Arguments.Add(argument);
        command.SetAction((result, stop) => RunAsync(
            result.GetValue(silos)!, result.GetValue(model)!, result.GetValue(rank), result.GetValue(ledger)!,
            TimeSpan.FromMilliseconds(result.GetValue(rest)), stop));
        return command;
    }

    private static async Task<int> RunAsync(string silos, string model, int rank, string ledger, TimeSpan rest, CancellationToken stop)
    {
        using var writer = new LedgerWriter(ledger);
        var connection = await ClusterConnection.OpenAsync(new() { Directory = silos, ConnectTimeout = TimeSpan.FromMinutes(1) }, stop).ConfigureAwait(false);
        await using var _ = connection.ConfigureAwait(false);
        var worker = await connection.Server.JoinAsync(model, rank, cancellationToken: stop).ConfigureAwait(false);
        await new RankLoop(worker, writer, rest).RunAsync(stop).ConfigureAwait(false);
        return 0;
    }
}
