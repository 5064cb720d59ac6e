using System.CommandLine;
using System.CommandLine.Invocation;
using OrleansPs.Tools;
using OrleansPs.Train;

namespace OrleansPs.Worker;

/// <summary>The program: its jobs, and how errors become one line and an exit status.</summary>
internal static class WorkerApp
{
    public static async Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken stop)
    {
        var root = new RootCommand("Joins a cluster and trains as one of a model's workers.");
        var connection = new ConnectionArguments();
        connection.AddTo(root);
        foreach (var job in (JobOptions[])[new PerceptronOptions(), new LogisticOptions(), new RatingsOptions(), new Word2VecOptions()])
            root.Subcommands.Add(new JobCommand(job, connection, surroundings).Build());
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
        UnfinishedException or ParameterServerException or IOException or UnauthorizedAccessException => ExitStatus.Failed,
        _ => null,
    };

    private static string HintFor(Exception exception) => exception switch
    {
        NonFiniteGradientException => " The training diverged: try a smaller --lr.",
        SpecMismatchException => ". Give all workers the same options and this training a --model of its own, or delete the model that is there.",
        _ => "",
    };

    private static int Fail(Surroundings surroundings, int status, string message)
    {
        surroundings.Error.WriteLine($"worker: {message.ReplaceLineEndings(" ")}");
        return status;
    }
}
