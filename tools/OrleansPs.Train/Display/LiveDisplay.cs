using OrleansPs.Train.Report;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansPs.Train;

/// <summary>Shows a run on a terminal: a table of the workers that changes in place, a line for each evaluation, a bar.</summary>
internal sealed class LiveDisplay(IAnsiConsole console, string title) : IRunDisplay
{
    private const int BarWidth = 40;
    private const int EvaluationsShown = 5;
    private static readonly TimeSpan s_frame = TimeSpan.FromMilliseconds(200);
    private readonly SpeedGauge _gauge = new(TimeSpan.FromSeconds(2));

    public Task ShowAsync(RunMonitor monitor, Task run) =>
        console.Live(Render(monitor.Read())).AutoClear(false).StartAsync(async context =>
        {
            while (!run.IsCompleted)
            {
                await Task.WhenAny(run, Task.Delay(s_frame)).ConfigureAwait(false);
                context.UpdateTarget(Render(monitor.Read()));
            }
        });

    /// <summary>One picture.</summary>
    public IRenderable Render(RunReading reading) => new Rows(Workers(reading), Policies(reading), Evaluations(reading), Bar(reading));

    private Table Workers(RunReading reading)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title));
        foreach (var heading in (string[])["worker", "clock", "staleness", "examples/s", "loss", "waiting"])
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var (worker, speed) in reading.Workers.Zip(_gauge.Measure(reading)))
            table.AddRow(
                Texts.Of($"{worker.Rank}"), Texts.Count(worker.Clock), Texts.Count(worker.Staleness),
                Texts.Count(speed.ExamplesPerSecond), Texts.Loss(worker.Loss), Waiting(speed.WaitingShare));
        return table;
    }

    private static string Waiting(double share) =>
        share > 0.5 ? $"[yellow]{Texts.Percent(share)}[/]" : Texts.Percent(share);

    private static Rows Policies(RunReading reading) =>
        new(reading.Policies.Skip(1).TakeLast(EvaluationsShown).Select(policy => new Markup(Markup.Escape(Texts.InForce(policy)))));

    private static Rows Evaluations(RunReading reading) => new(reading.Evaluations.TakeLast(EvaluationsShown).Select(point => new Markup(Texts.Of(
        $"epoch {point.Epoch:0.##}: {reading.Metric.Name} [green]{Format.Score(reading.Metric, point.TestScore)}[/], loss {Texts.Loss(point.TrainLoss)}, at {Texts.Seconds(point.Seconds)}"))));

    private static Markup Bar(RunReading reading)
    {
        var full = (int)(BarWidth * Math.Clamp(reading.Share, 0, 1));
        var epoch = Math.Min(reading.Epochs, (int)reading.EpochsDone + 1);
        return new Markup(Texts.Of(
            $"[green]{new string('━', full)}[/][grey]{new string('━', BarWidth - full)}[/] {Texts.Percent(reading.Share)}  epoch {epoch}/{reading.Epochs}  {Texts.Duration(reading.Elapsed)} elapsed, {Texts.Duration(reading.TimeLeft)} left"));
    }
}
