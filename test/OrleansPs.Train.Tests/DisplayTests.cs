using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansPs.Train.Report;
using Spectre.Console;

namespace OrleansPs.Train.Tests;

/// <summary>What a run looks like, from readings that are made up.</summary>
public sealed class DisplayTests
{
    [Fact]
    public void Lines_tell_each_epoch_and_now_and_then_how_it_goes()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var display = new PlainDisplay(output, TimeProvider.System);
        display.Show(Reading(0.001, 0));
        display.Show(Reading(4.9, 140));
        display.Show(Reading(5.1, 150));
        display.Show(Reading(7, 210, new EpochPoint(0.5, 6, 0.9, 0.7), new EpochPoint(1, 7, 0.8, 0.8123)));
        display.Show(Reading(10.2, 300, new EpochPoint(0.5, 6, 0.9, 0.7), new EpochPoint(1, 7, 0.8, 0.8123)));

        Assert.Equal(
            """
            25%: 1,883 examples/s, loss 0.500, staleness 3, waiting 25%, 0:15 left
            epoch 1/3 done: test accuracy 81.23%, loss 0.800, at 7.0 s
            50%: 1,882 examples/s, loss 0.500, staleness 3, waiting 25%, 0:10 left

            """.ReplaceLineEndings("\n"), output.ToString());
    }

    [Fact]
    public void A_policy_is_shown_when_it_comes_in_force()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var display = new PlainDisplay(output, TimeProvider.System);
        var (first, second) = (new PolicySpan("BSP", 0, 0, 0, 5, 0), new PolicySpan("SSP(2)", 2, 1.5, 2.25, 5, 2));
        display.Show(Reading(1, 0) with { Policies = [first] });
        for (var i = 0; i < 2; i++) display.Show(Reading(2, 150) with { Policies = [first, second] });
        Assert.Equal("SSP(2) in force from epoch 1.50, at 2.3 s\n", output.ToString());

        using var live = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(live) });
        console.Write(new LiveDisplay(console, "").Render(Reading(2, 150) with { Policies = [first, second] }));
        Assert.Contains("SSP(2) in force from epoch 1.50, at 2.3 s", live.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("BSP in force", live.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_live_view_has_a_row_for_each_worker_and_a_bar()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 120;
        var display = new LiveDisplay(console, "SSP(3), 2 workers");
        display.Render(Reading(1, 0));
        console.Write(display.Render(Reading(2, 150, new EpochPoint(1, 1.5, 0.8, 0.8123))));

        var lines = output.ToString().Split('\n', StringSplitOptions.TrimEntries);
        Assert.Contains(lines, l => l.Contains("SSP(3), 2 workers", StringComparison.Ordinal));
        Assert.Contains("worker clock staleness examples/s loss waiting", lines.Select(Cells));
        Assert.Contains("0 75 0 4,800 0.500 50%", lines.Select(Cells));
        Assert.Contains("1 75 3 4,800 0.500 0%", lines.Select(Cells));
        Assert.Contains("epoch 1: test accuracy 81.23%, loss 0.800, at 1.5 s", lines);
        Assert.Contains($"{new string('━', 40)} 25%  epoch 1/3  0:02 elapsed, 0:06 left", lines);
    }

    [Fact]
    public async Task A_display_ends_with_its_run_and_shows_the_last_reading()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        var monitor = new RunMonitor([default], 10, new(1, 10, 1), TimeProvider.System);
        monitor.OnEvaluated(new(1, 2, 0.3, 0.9));
        await new PlainDisplay(output, TimeProvider.System).ShowAsync(monitor, Task.FromException(new InvalidOperationException()));
        Assert.StartsWith("epoch 1/1 done: test accuracy 90.00%", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Warnings_of_the_server_are_shown_and_its_chatter_is_not()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var log = new WarningLog(output);
        var logger = log.CreateLogger("x");
        logger.Log(LogLevel.Information, "Chatter");
        logger.Log(LogLevel.Warning, "Cut 3 is damaged");
        Assert.Equal("train: Cut 3 is damaged\n", output.ToString());
    }

    private static string Cells(string line) =>
        string.Join(' ', line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries));

    // Two workers of 600 steps in all, of 32 examples each; the first waits half of its time.
    private static RunReading Reading(double seconds, long steps, params EpochPoint[] evaluations) => new(
        TimeSpan.FromSeconds(seconds), 0, steps, 600, steps / 200.0, 3,
        [
            new(0, steps / 2, 0, steps * 32, 0.5, TimeSpan.FromSeconds(seconds / 2), TimeSpan.FromSeconds(seconds)),
            new(1, steps / 2, 3, steps * 32, 0.5, TimeSpan.Zero, TimeSpan.FromSeconds(seconds)),
        ], evaluations);
}
