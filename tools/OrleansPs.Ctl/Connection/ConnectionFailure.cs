using Microsoft.Extensions.Configuration;

namespace OrleansPs.Tools;

/// <summary>Says in one sentence why there is no connection.</summary>
internal static class ConnectionFailure
{
    private const string ProviderType = "Orleans:Clustering:ProviderType";

    /// <summary>What to throw for an error of the start, however deep Orleans wrapped the cause.</summary>
    public static ParameterServerException Of(Exception exception, ConnectionSettings settings, IConfiguration configuration)
    {
        var causes = Causes(exception).ToArray();
        return causes.OfType<ParameterServerException>().FirstOrDefault() switch
        {
            ServerUnavailableException nobody => new ServerUnavailableException(
                $"{nobody.Message.TrimEnd('.')}; it was looked for {Where(settings, configuration)}.", exception),
            { } told => told,
            null => Unknown(exception, causes, configuration),
        };
    }

    private static ServerUnavailableException Unknown(Exception exception, Exception[] causes, IConfiguration configuration) => new(
        $"The cluster can't be reached: {FirstSentence(causes[^1].Message)} ({causes[^1].GetType().Name}); check Orleans:Clustering" +
        (configuration[ProviderType] is { } type ? $", whose ProviderType is '{type}'." : "."), exception);

    private static string Where(ConnectionSettings settings, IConfiguration configuration) =>
        settings.Gateways.Count > 0 ? $"at {string.Join(", ", settings.Gateways.Select(gateway => $"{gateway.Host}:{gateway.Port}"))}"
        : configuration[ProviderType] == "Directory" ? $"in the directory '{configuration["Orleans:Clustering:Directory"]}'"
        : $"by means of '{configuration[ProviderType]}'";

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
