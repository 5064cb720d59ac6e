using Microsoft.Extensions.Logging;

namespace OrleansPs.Train;

/// <summary>Shows the warnings and errors that a server logs, such as a damaged snapshot that it passed over.</summary>
internal sealed class WarningLog(TextWriter output) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) output.WriteLine($"train: {formatter(state, exception)}");
    }

    public void AddProvider(ILoggerProvider provider) { }

    public void Dispose() { }
}
