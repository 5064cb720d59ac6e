using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary>What the program meets around itself.</summary>
internal sealed record Surroundings(TextReader In, TextWriter Out, TextWriter Error)
{
    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether somebody can be asked, and sees the question.</summary>
    public bool CanAsk { get; init; }

    public Func<ConnectionSettings, CancellationToken, Task<Cluster>> ConnectAsync { get; init; } = Cluster.ConnectAsync;

    /// <summary>Lets time pass between two looks at the cluster.</summary>
    public Func<TimeSpan, CancellationToken, Task> PauseAsync { get; init; } = Task.Delay;

    public static Surroundings OfThisProcess() => new(Console.In, Console.Out, Console.Error)
    {
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        CanAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected,
    };
}
