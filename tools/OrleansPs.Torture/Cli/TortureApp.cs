using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;
using Rule = OrleansPs.Train.Rule;

namespace OrleansPs.Torture;

/// <summary>The program: the run and, in processes of their own, its workers.</summary>
internal sealed class TortureApp(TextWriter output, TextWriter error, int? width)
{
    private const int Failed = 1;
    private const int BadOption = 2;
    private const int Interrupted = 130;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private readonly TortureOptions _options = new();

    public async Task<int> RunAsync(string[] arguments, CancellationToken stop)
    {
        var root = new RootCommand("Kills, stops and cuts apart silos and workers while they train, and checks that the service keeps its promises.");
        foreach (var option in _options.All) root.Options.Add(option);
        root.SetAction((result, cancel) => TortureAsync(result, cancel));
        root.Subcommands.Add(WorkerCommand.Build());
        var parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction) return Fail(BadOption, parsed.Errors[0].Message);
        try
        {
            var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (InvalidOptionsException e)
        {
            return Fail(BadOption, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(Failed, e.Message);
        }
    }

    private async Task<int> TortureAsync(ParseResult result, CancellationToken stop)
    {
        var settings = _options.ToSettings(result);
        var json = result.GetValue(_options.Json);
        Rule.RequireWritable(_options.Json.Name, json);
        var directory = Directory.CreateTempSubdirectory("orleansps-torture-").FullName;
        var verdict = new Verdict(false, "");
        try
        {
            await output.WriteLineAsync($"seed {settings.Seed}").ConfigureAwait(false);
            verdict = await VerdictAsync(settings, directory, json, stop).ConfigureAwait(false);
        }
        finally
        {
            if (_options.Keeps(result) || !(verdict.Passed || stop.IsCancellationRequested))
                await output.WriteLineAsync($"logs, ledgers and snapshots are in {directory}").ConfigureAwait(false);
            else Directory.Delete(directory, recursive: true);
        }
        await output.WriteLineAsync(verdict.Line).ConfigureAwait(false);
        return verdict.ExitStatus;
    }

    private async Task<Verdict> VerdictAsync(RunSettings settings, string directory, string? json, CancellationToken stop)
    {
        try
        {
            var figures = await new TortureRun(settings, directory, new LiveLine(output, width)).RunAsync(stop).ConfigureAwait(false);
            if (json is not null) await File.WriteAllTextAsync(json, JsonSerializer.Serialize(figures, s_json) + "\n", stop).ConfigureAwait(false);
            Show(figures);
            return Verdict.Of(figures);
        }
        catch (Exception e) when (e is TimeoutException or (ParameterServerException and not InvalidOptionsException))
        {
            return Verdict.NoRun(settings.Seed, e.Message);
        }
    }

    private void Show(Figures figures)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Interactive = InteractionSupport.No });
        console.Write(FaultTable.Of(figures));
        foreach (var problem in figures.Problems) output.WriteLine($"  {problem}");
    }

    private int Fail(int status, string message)
    {
        error.WriteLine($"torture: {message.ReplaceLineEndings(" ")}");
        return status;
    }
}
