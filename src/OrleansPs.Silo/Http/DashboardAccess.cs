using Microsoft.AspNetCore.Authentication;
using Orleans.Dashboard;

namespace OrleansPs.Silo;

/// <summary>
/// Who sees Orleans' dashboard: with a key, whoever knows it; without one, everybody in development and nobody elsewhere.
/// A dashboard that nobody sees is left out, since it measures every call.
/// </summary>
internal sealed record DashboardAccess(string? Key, bool IsOpen)
{
    public const string Prefix = "/dashboard";

    public bool IsServed => Key is not null || IsOpen;

    /// <summary>What the log says about it; null where there is nothing to say.</summary>
    public string? Hint => IsServed ? null : $"The dashboard is off; set {SiloKeys.DashboardKey} to serve it at {Prefix} to those who know the key.";

    public static DashboardAccess Of(IHostEnvironment environment, IConfiguration configuration) =>
        new(configuration[SiloKeys.DashboardKey] is { Length: > 0 } key ? key : null, environment.IsDevelopment());

    public void Add(ISiloBuilder silo)
    {
        if (!IsServed) return;
        silo.AddDashboard();
        if (Key is null) return;
        // The core of authentication alone: all of it would write a key ring to the disk, which only cookies need.
        silo.Services.AddAuthenticationCore(options => options.DefaultScheme = DashboardKeyHandler.Scheme).AddWebEncoders().AddAuthorization();
        new AuthenticationBuilder(silo.Services)
            .AddScheme<DashboardKeyOptions, DashboardKeyHandler>(DashboardKeyHandler.Scheme, options => options.Key = Key);
    }

    public void Map(WebApplication app)
    {
        if (!IsServed) return;
        EndWithTheSilo(app);
        if (Key is not null)
        {
            app.UseAuthentication();
            app.UseAuthorization();
        }

        var dashboard = app.MapOrleansDashboard(routePrefix: Prefix);
        if (Key is not null) dashboard.RequireAuthorization();
    }

    // Its log stream stays open for an hour, and an open request would hold up the silo's shutdown.
    private static void EndWithTheSilo(WebApplication app) => app.Use(async (context, next) =>
    {
        using var end = app.Lifetime.ApplicationStopping.Register(context.Abort);
        await next(context).ConfigureAwait(false);
    });
}
