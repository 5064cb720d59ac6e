using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace OrleansPs.Silo;

/// <summary>/health/live: the process answers. /health/ready: the silo is active, and its storage answers in time.</summary>
internal static class HealthEndpoints
{
    public const string Live = "/health/live";
    public const string Ready = "/health/ready";

    /// <summary>How long the storage may take to answer.</summary>
    internal static readonly TimeSpan StorageTimeout = TimeSpan.FromSeconds(5);

    public static void Add(IServiceCollection services, string storage) => services.AddHealthChecks()
        .AddCheck<SiloHealthCheck>("silo")
        .Add(new("storage", provider => new StorageHealthCheck(provider, storage, StorageTimeout), null, null));

    public static void Map(WebApplication app)
    {
        app.MapHealthChecks(Live, new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks(Ready, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(string.Join('\n', report.Entries
            .Select(entry => $"{entry.Key}: {entry.Value.Status}{(entry.Value.Description is { } text ? $", {text}" : "")}")));
    }
}
