using OrleansPs.Torture;
using OrleansPs.Train;
using Spectre.Console;

using var interruption = new Interruption();
int? width = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi ? AnsiConsole.Profile.Width : null;
return await new TortureApp(Console.Out, Console.Error, width).RunAsync(args, interruption.Token).ConfigureAwait(false);
