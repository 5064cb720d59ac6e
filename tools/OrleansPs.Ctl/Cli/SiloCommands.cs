using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary><c>silos</c>, <c>blocks</c> and <c>drain</c>: where things are.</summary>
internal sealed class SiloCommands(CommandFactory factory)
{
    private const int DefaultTimeout = 300;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Argument<string> _silo = Checked.TextArgument("SILO", "The silo's address, as the command silos shows it");
    private readonly Option<long?> _timeout = Checked.Whole("--timeout", 1, 86_400, $"How many seconds it may take [default: {DefaultTimeout}]");

    public IEnumerable<Command> Build() =>
    [
        factory.Create("blocks", "Show where a model's blocks are", [_model], BlocksAsync),
        factory.Create("silos", "Show the silos that are alive", [], SilosAsync),
        factory.Create("drain", "Move all blocks away from a silo, so that it can be stopped", [_silo, _timeout], DrainAsync),
    ];

    private async Task BlocksAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var blocks = await cluster.Admin.ListBlocksAsync(call.Get(_model), call.Stop).ConfigureAwait(false);
        call.Output.Show(blocks, () => Tables.Blocks(blocks));
    }

    private static async Task SilosAsync(Call call)
    {
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        var silos = await cluster.Admin.ListSilosAsync(call.Stop).ConfigureAwait(false);
        call.Output.Show(silos, () => Tables.Silos(silos));
    }

    private async Task DrainAsync(Call call)
    {
        var (silo, seconds) = (call.Get(_silo), call.Get(_timeout) ?? DefaultTimeout);
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(call.Stop);
        bound.CancelAfter(TimeSpan.FromSeconds(seconds));
        int? left = null;
        try
        {
            await call.Progress.RunAsync($"draining {silo}", async progress =>
            {
                for (int? first = null; left != 0; first ??= left)
                {
                    if (left is not null) await call.Surroundings.PauseAsync(s_pause, bound.Token).ConfigureAwait(false);
                    left = await cluster.Admin.DrainAsync(silo, bound.Token).ConfigureAwait(false);
                    progress.Report(new((first ?? left.Value) - left.Value, first ?? left.Value));
                }
                return true;
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!call.Stop.IsCancellationRequested)
        {
            throw new CommandFailedException(left is null
                ? Texts.Of($"Silo {silo} did not say within {seconds} s how many blocks it holds; drain it again for the rest.")
                : Texts.Of($"Silo {silo} still holds {Texts.Many(left.Value, "block")} after {seconds} s; drain it again for the rest."));
        }
        call.Output.Say(new SiloBlocks(silo, 0), $"silo {silo} holds no blocks any more: tell it to end (SIGTERM), and it hands over its coordinators too");
    }
}
