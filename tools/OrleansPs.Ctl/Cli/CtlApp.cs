using System.CommandLine;
using System.CommandLine.Invocation;

namespace OrleansPs.Ctl;

/// <summary>The program: its commands, and how errors become one line and an exit status.</summary>
internal static class CtlApp
{
    public static async Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken stop)
    {
        var parsed = Build(surroundings).Parse(arguments);
        if (parsed.Action is ParseErrorAction) return Fail(surroundings, ExitStatus.BadOption, parsed.Errors[0].Message);
        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = surroundings.Out,
                Error = surroundings.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitStatus.Interrupted;
        }
        // An exception that is not here is a bug, and must not look like an error of the user's.
        catch (Exception e) when (e is CommandFailedException or ParameterServerException or IOException or UnauthorizedAccessException)
        {
            return Fail(surroundings, ExitStatus.Failed, e.Message);
        }
    }

    private static RootCommand Build(Surroundings surroundings)
    {
        var root = new RootCommand("Looks after a cluster of the parameter service: its models, workers, blocks, silos and snapshots.");
        var factory = new CommandFactory(root, surroundings);
        root.Subcommands.Add(new ModelCommands(factory).Build());
        foreach (var command in new WorkerCommands(factory).Build()) root.Subcommands.Add(command);
        root.Subcommands.Add(new PolicyCommands(factory).Build());
        foreach (var command in new SiloCommands(factory).Build()) root.Subcommands.Add(command);
        root.Subcommands.Add(new SnapshotCommands(factory).Build());
        return root;
    }

    private static int Fail(Surroundings surroundings, int status, string message)
    {
        surroundings.Error.WriteLine($"orleansps-ctl: {message.ReplaceLineEndings(" ")}");
        return status;
    }
}
