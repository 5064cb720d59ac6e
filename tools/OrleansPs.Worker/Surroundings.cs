using OrleansPs.Tools;
using Spectre.Console;

namespace OrleansPs.Worker;

/// <summary>What the program meets around itself.</summary>
internal sealed record Surroundings(TextWriter Out, TextWriter Error, Func<string, string?> Variable)
{
    /// <summary>The width of stdout, if it is a terminal whose lines can be written over.</summary>
    public int? OutWidth { get; init; }

    public Func<ConnectionSettings, CancellationToken, Task<Connected>> ConnectAsync { get; init; } = Connected.OpenAsync;

    public static Surroundings OfThisProcess() => new(Console.Out, Console.Error, Environment.GetEnvironmentVariable)
    {
        OutWidth = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi ? AnsiConsole.Profile.Width : null,
    };
}

/// <summary>A server, and the connection to it that ends with it.</summary>
internal sealed record Connected(IParameterServer Server, IAsyncDisposable? Connection) : IAsyncDisposable
{
    public static async Task<Connected> OpenAsync(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var connection = await ClusterConnection.OpenAsync(settings, cancellationToken).ConfigureAwait(false);
        return new(connection.Server, connection);
    }

    public ValueTask DisposeAsync() => Connection?.DisposeAsync() ?? default;
}
