using Spectre.Console;

namespace OrleansPs.Train;

/// <summary>What the program meets around itself: where it writes to, and the environment's variables.</summary>
internal sealed record Surroundings(TextWriter Out, TextWriter Error, bool IsTerminal, Func<string, string?> Variable)
{
    public static Surroundings OfThisProcess() =>
        new(Console.Out, Console.Error, !Console.IsOutputRedirected, Environment.GetEnvironmentVariable);

    /// <summary>Trains to the end, and shows how.</summary>
    public async Task TrainAsync(TrainingRun run, RunSettings settings, CancellationToken stop)
    {
        var training = run.TrainAsync(stop);
        await DisplayFor(settings).ShowAsync(run.Monitor, training).ConfigureAwait(false);
        await training.ConfigureAwait(false);
    }

    /// <summary>A live view on a terminal that can show one; lines elsewhere.</summary>
    private IRunDisplay DisplayFor(RunSettings settings) => IsTerminal && AnsiConsole.Profile.Capabilities.Ansi
        ? new LiveDisplay(AnsiConsole.Console, Texts.Of($"{settings.Label}, {Texts.Many(settings.Workers, "worker")}"))
        : new PlainDisplay(Out, TimeProvider.System);
}
