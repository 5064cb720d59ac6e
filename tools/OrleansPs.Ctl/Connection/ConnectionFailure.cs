using Microsoft.Extensions.Configuration;

namespace OrleansPs.Tools;

/// <summary>Says in one sentence why there is no connection.</summary>
internal static class ConnectionFailure
{
    /// <summary>What to throw for an error of the start, however deep Orleans wrapped the cause.</summary>
    public static ParameterServerException Of(Exception exception, IConfiguration configuration)
    {
        var causes = Causes(exception).ToArray();
        return causes.OfType<ParameterServerException>().FirstOrDefault() ?? new ServerUnavailableException(
            $"The cluster can't be reached: {FirstSentence(causes[^1].Message)} ({causes[^1].GetType().Name}); check Orleans:Clustering" +
            (configuration["Orleans:Clustering:ProviderType"] is { } type ? $", whose ProviderType is '{type}'." : "."), exception);
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException) yield return cause;
    }

    // Some providers append advice for programmers or whole responses to what they say first.
    private static string FirstSentence(string message)
    {
        var line = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        var end = line.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? line : line[..end]).TrimEnd('.', ' ');
    }
}
