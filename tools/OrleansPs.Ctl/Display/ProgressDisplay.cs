using Spectre.Console;

namespace OrleansPs.Ctl;

/// <summary>Shows on stderr how far something is, so that stdout has the result alone. Nothing is shown where it is no terminal.</summary>
internal sealed class ProgressDisplay(TextWriter error, bool isTerminal)
{
    public Task<T> RunAsync<T>(string title, Func<IProgress<Amount>, Task<T>> workAsync) =>
        isTerminal ? ShowAsync(title, workAsync) : workAsync(new Report(null));

    private Task<T> ShowAsync<T>(string title, Func<IProgress<Amount>, Task<T>> workAsync)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).StartAsync(context =>
        {
            var task = context.AddTask(Markup.Escape(title));
            task.IsIndeterminate = true;
            return workAsync(new Report(task));
        });
    }

    // At once, and in order, which Progress<T> does not promise.
    private sealed class Report(ProgressTask? task) : IProgress<Amount>
    {
        void IProgress<Amount>.Report(Amount value)
        {
            if (task is null || value.Total == 0) return;
            task.IsIndeterminate = false;
            task.MaxValue = value.Total;
            task.Value = value.Done;
        }
    }
}
