using System.CommandLine;
using System.CommandLine.Invocation;

namespace OrleansPs.Train;

/// <summary>The program: its commands, and how errors become one line and an exit status.</summary>
internal static class TrainApp
{
    public static async Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken stop)
    {
        var root = new RootCommand("Trains models with several workers and a parameter server in one process.");
        foreach (var job in (JobOptions[])[new PerceptronOptions(), new LogisticOptions(), new RatingsOptions(), new Word2VecOptions()])
            root.Subcommands.Add(new RunCommand(job, surroundings).Build());
        root.Subcommands.Add(new CompareCommand(surroundings).Build());
        root.Subcommands.Add(new ExportRatingsCommand(surroundings).Build());
        var parsed = root.Parse(arguments);
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
        catch (Exception e) when (StatusOf(e) is not null)
        {
            return Fail(surroundings, StatusOf(e)!.Value, e.Message + HintFor(e));
        }
    }

    // An exception that is not here is a bug, and must not look like an error of the user's.
    private static int? StatusOf(Exception exception) => exception switch
    {
        InvalidOptionsException or InvalidSpecException => ExitStatus.BadOption,
        DataFormatException => ExitStatus.BadData,
        SnapshotNotFoundException or SnapshotCorruptException or SnapshotStorageException or SpecMismatchException => ExitStatus.NoSnapshot,
        ParameterServerException or IOException or UnauthorizedAccessException => ExitStatus.Failed,
        _ => null,
    };

    private static string HintFor(Exception exception) =>
        exception is NonFiniteGradientException ? " The training diverged: try a smaller --lr." : "";

    private static int Fail(Surroundings surroundings, int status, string message)
    {
        surroundings.Error.WriteLine($"train: {message.ReplaceLineEndings(" ")}");
        return status;
    }
}
