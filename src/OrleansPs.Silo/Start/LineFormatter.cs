using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace OrleansPs.Silo;

/// <summary>Writes each log entry on one line; stack traces follow, but not while the silo starts, when errors are mostly the configuration's.</summary>
internal sealed class LineFormatter(StartProgress progress) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception).ReplaceLineEndings(" ");
        textWriter.Write(DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write($" {Word(logEntry.LogLevel)} {logEntry.Category}: {message}");
        WriteException(logEntry.Exception, textWriter);
        textWriter.WriteLine();
    }

    private void WriteException(Exception? exception, TextWriter writer)
    {
        if (exception is null) return;
        if (progress.Phase == StartPhase.Running || progress.ShowsStackTraces) writer.Write(Environment.NewLine + exception);
        else writer.Write($" ({exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")})");
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
