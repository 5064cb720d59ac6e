using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace OrleansPs.Silo;

/// <summary>Says in one sentence why a silo can't start.</summary>
internal static class StartFailure
{
    public static string Sentence(Exception exception, StartPhase phase, IConfiguration configuration)
    {
        var cause = Cause(exception);
        if (cause is AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            return $"A port of the silo is in use; change {SiloKeys.SiloPort}, {SiloKeys.GatewayPort} or {SiloKeys.Urls}.";

        return cause is ParameterServerException ? cause.Message : Sentence($"{Short(cause.Message, phase)} ({cause.GetType().Name})", phase, configuration);
    }

    public static string TimeoutSentence(StartPhase phase, TimeSpan limit, IConfiguration configuration) => Sentence(
        $"no answer within {limit.TotalSeconds:0.#} s ({SiloKeys.StartTimeout})", phase, configuration);

    private static string Sentence(string reason, StartPhase phase, IConfiguration configuration) => phase switch
    {
        StartPhase.Clustering =>
            $"The clustering '{SiloConfiguration.ProviderType(configuration, SiloKeys.Clustering)}' can't be used: {reason}; check {SiloKeys.Clustering}.",
        StartPhase.Storage =>
            $"The grain storage '{SiloConfiguration.StorageName(configuration)}' " +
            $"({SiloConfiguration.ProviderType(configuration, SiloConfiguration.StorageSection(configuration))}) can't be used: {reason}; " +
            $"check {SiloConfiguration.StorageSection(configuration)}.",
        StartPhase.Joining => $"The silo can't join the cluster '{configuration[SiloKeys.ClusterId]}': {reason}.",
        StartPhase.Configuration =>
            $"The silo can't start: {reason}; check {SiloKeys.Clustering} and {SiloConfiguration.StorageSection(configuration)}.",
        _ => $"The silo can't start: {reason}.",
    };

    // The innermost one: what is around it only says that something failed.
    private static Exception Cause(Exception exception)
    {
        while (exception is not ParameterServerException && exception.InnerException is { } inner) exception = inner;
        return exception;
    }

    // Some providers append advice for programmers or whole responses to what they say first.
    private static string Short(string message, StartPhase phase)
    {
        var line = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        var end = phase is StartPhase.Clustering or StartPhase.Storage ? line.IndexOf(". ", StringComparison.Ordinal) : -1;
        return (end < 0 ? line : line[..end]).TrimEnd('.', ' ');
    }
}
