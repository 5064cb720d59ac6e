namespace OrleansPs.Silo;

/// <summary>The program: a silo until it is told to end, or a sentence and exit status 1.</summary>
internal static class SiloApplication
{
    private const int Ok = 0;
    private const int Failed = 1;

    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] args, TextWriter error)
    {
        if (args.Length > 0)
            return Fail(error, ["The silo takes no arguments: it is set up by appsettings.json and environment variables."]);

        var builder = SiloHost.CreateBuilder();
        var progress = new StartProgress { ShowsStackTraces = WantsStackTraces(builder) };
        try
        {
            var problems = SiloHost.Configure(builder);
            return problems.Count > 0 ? Fail(error, problems) : await RunAsync(builder, progress, error).ConfigureAwait(false);
        }
        catch (Exception e) when (progress.Phase != StartPhase.Running)
        {
            if (progress.ShowsStackTraces) error.WriteLine(e);
            return Fail(error, [StartFailure.Sentence(e, progress.Phase, builder.Configuration)]);
        }
    }

    private static async Task<int> RunAsync(WebApplicationBuilder builder, StartProgress progress, TextWriter error)
    {
        var app = SiloHost.Build(builder, progress);
        try
        {
            var limit = SiloConfiguration.Duration(builder.Configuration, SiloKeys.StartTimeout, TimeSpan.FromMinutes(1));
            if (!await StartAsync(app, progress, limit).ConfigureAwait(false))
                return Fail(error, [StartFailure.TimeoutSentence(progress.Phase, limit, builder.Configuration)]);
            progress.Complete();
            SiloHost.Announce(app);
            await app.WaitForShutdownAsync().ConfigureAwait(false);
            return Ok;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Ok; // It was told to end while it started.
        }
        finally
        {
            await DisposeAsync(app).ConfigureAwait(false);
        }
    }

    private static async Task<bool> StartAsync(WebApplication app, StartProgress progress, TimeSpan limit)
    {
        var start = app.StartAsync();
        var told = Task.Delay(Timeout.InfiniteTimeSpan, app.Lifetime.ApplicationStopping);
        var late = Task.Delay(limit);
        var first = await Task.WhenAny(start, progress.Reached, told, late).ConfigureAwait(false);
        if (first == late) return false;
        // Storage may not hear that it is over; the silo doesn't wait for it.
        await await Task.WhenAny(start, told).ConfigureAwait(false);
        return true;
    }

    // Writes the log to its end. What didn't start may not end either, and then the process ends without it.
    private static async Task DisposeAsync(WebApplication app)
    {
        try
        {
            await app.DisposeAsync().AsTask().WaitAsync(DisposeTimeout).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // What made the start fail is told already.
        }
    }

    private static bool WantsStackTraces(WebApplicationBuilder builder) => builder.Environment.IsDevelopment() &&
        Enum.TryParse<LogLevel>(builder.Configuration["Logging:LogLevel:Default"], ignoreCase: true, out var level) && level <= LogLevel.Debug;

    private static int Fail(TextWriter error, IEnumerable<string> sentences)
    {
        foreach (var sentence in sentences) error.WriteLine($"silo: {sentence}");
        return Failed;
    }
}
