using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansPs.Tools;

namespace OrleansPs.Bench;

/// <summary>The program: what there is to measure, and the processes that take part.</summary>
internal sealed class BenchApp(TextWriter output, TextWriter error)
{
    private const int Failed = 1;
    private const int BadOption = 2;
    private const int NoLink = 3;
    private const int Interrupted = 130;

    private readonly BenchOptions _options = new();

    public async Task<int> RunAsync(string[] arguments, CancellationToken stop)
    {
        var root = new RootCommand("Measures pushes and pulls between processes on this machine, beside the bare socket and, if its rows are given, another system.");
        foreach (var option in _options.All) root.Options.Add(option);
        root.SetAction((result, cancel) => MeasureAsync(result, cancel));
        var replicated = new Command("replicated", "What a standby costs a push");
        replicated.SetAction((_, cancel) => ReplicatedSuite.RunAsync(output, cancel));
        root.Subcommands.Add(replicated);
        var cohosted = new Command("cohosted", "A worker in a silo's process, beside memcpy and a worker that is connected to it");
        cohosted.SetAction((_, cancel) => CohostedSuite.RunAsync(output, cancel));
        root.Subcommands.Add(cohosted);
        root.Subcommands.Add(CoordinatorSuite.CreateCommand(output));
        root.Subcommands.Add(GrowthSuite.CreateCommand(output));
        root.Subcommands.Add(CapacityCommand.Create(output));
        root.Subcommands.Add(Link());
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
        catch (ShapedLinkException e)
        {
            return Fail(NoLink, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParameterServerException)
        {
            return Fail(Failed, e.Message);
        }
    }

    private Command Link()
    {
        var rate = Checked.Option("--rate", "RATE", "How fast each end sends [default: 1gbit]",
            text => Regex.IsMatch(text, "^[1-9][0-9]{0,5}[kmg]bit$", RegexOptions.None, TimeSpan.FromSeconds(1)) ? text : throw new FormatException(),
            "it must be a whole number with kbit, mbit or gbit, such as 1gbit.");
        var repetitions = Checked.Whole("--repetitions", 1, 1_000, "How often each row is measured [default: 5]");
        var loopback = new Option<bool>("--loopback-only") { Description = "Without a shaped link" };
        var link = new Command("link", "What encodings are worth over a slow link; takes Linux and root") { rate, repetitions, loopback };
        link.SetAction((result, cancel) => new LinkSuite(output).RunAsync(
            result.GetValue(loopback) ? null : result.GetValue(rate) ?? "1gbit", (int)(result.GetValue(repetitions) ?? 5), cancel));
        return link;
    }

    private async Task<int> MeasureAsync(ParseResult result, CancellationToken stop)
    {
        var settings = _options.ToSettings(result);
        IReadOnlyList<PeerRows> peers = result.GetValue(_options.Peer) is { } peer ? PeerRows.Read(peer) : [];
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{settings.Silos} silo(s) + {settings.Workers} worker process(es), {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}")).ConfigureAwait(false);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"memcpy 1 MiB {MemoryCopy.Gigabytes(1 << 20):0.0} GB/s, 16 MiB {MemoryCopy.Gigabytes(16 << 20):0.0} GB/s; medians of {settings.Repetitions} repetitions")).ConfigureAwait(false);
        var table = new TableReport(output, settings, peers);
        await table.BeginAsync().ConfigureAwait(false);
        var figures = new List<RowFigures>();
        var run = await BenchRun.StartAsync(settings, stop).ConfigureAwait(false);
        await using (run.ConfigureAwait(false))
        {
            foreach (var row in settings.Rows)
            {
                figures.Add(await run.MeasureAsync(row, stop).ConfigureAwait(false));
                await table.ShowAsync(figures[^1]).ConfigureAwait(false);
            }
        }
        await table.EndAsync(figures).ConfigureAwait(false);
        if (result.GetValue(_options.Tsv) is { } tsv) await TsvReport.WriteAsync(tsv, settings, figures, stop).ConfigureAwait(false);
        if (result.GetValue(_options.Json) is { } json) await JsonReport.WriteAsync(json, settings, figures, stop).ConfigureAwait(false);
        if (result.GetValue(_options.Svg) is { } svg) await File.WriteAllTextAsync(svg, RatioPicture.Compose(settings, figures, peers), stop).ConfigureAwait(false);
        return 0;
    }

    private int Fail(int status, string message)
    {
        error.WriteLine($"orleansps-bench: {message}");
        return status;
    }
}
