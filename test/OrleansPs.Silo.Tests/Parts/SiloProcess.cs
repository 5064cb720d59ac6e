using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace OrleansPs.Silo.Tests;

/// <summary>The silo executable in a process of its own, which can be ended, killed and paused.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _error = [];

    private SiloProcess(SiloSettings settings, ProcessStartInfo info)
    {
        Settings = settings;
        Http = new() { BaseAddress = new($"http://127.0.0.1:{settings.HttpPort}"), Timeout = TimeSpan.FromSeconds(30) };
        _process = new() { StartInfo = info };
        _process.OutputDataReceived += (_, e) => Keep(_output, e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(_error, e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public SiloSettings Settings { get; }

    /// <summary>Speaks with the silo's HTTP endpoints.</summary>
    public HttpClient Http { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written to stdout so far.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>What it has written to stderr so far.</summary>
    public string Error => string.Join('\n', _error);

    /// <summary>Starts a silo and waits until it is ready.</summary>
    public static async Task<SiloProcess> StartAsync(SiloSettings? settings = null)
    {
        var silo = Launch(settings);
        try
        {
            await silo.AwaitReadyAsync();
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a silo and waits for nothing.</summary>
    public static SiloProcess Launch(SiloSettings? settings = null, params string[] arguments)
    {
        settings ??= new();
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[Program(), .. arguments]) info.ArgumentList.Add(argument);
        foreach (var name in info.Environment.Keys.Where(IsConfiguration).ToArray()) info.Environment.Remove(name);
        foreach (var (name, value) in settings.Variables()) info.Environment[name] = value;
        return new(settings, info);
    }

    /// <summary>Waits until the silo says that it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended, or it took too long; the message has what it wrote.</exception>
    public async Task AwaitReadyAsync()
    {
        var started = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (_process.HasExited) throw new InvalidOperationException($"The silo ended with {await ExitAsync()}.\n{Error}\n{Output}");
            if (started.Elapsed > Bound) throw new InvalidOperationException($"The silo isn't ready after {Bound}.\n{Error}\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Whether the silo says now that it is ready.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL: it gets no chance to do anything more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await ExitAsync();
    }

    /// <summary>SIGSTOP: it stands still until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ExitAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        await _process.WaitForExitAsync(bound.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Http.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>The silo's assembly.</summary>
    internal static string Program() => Path.GetFullPath(typeof(SiloProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "SiloPath").Value!);

    // What the tests were started with is not the silo's business.
    private static bool IsConfiguration(string name) => name is "Urls" or "URLS" or "HTTP_PORTS" or "DOTNET_ENVIRONMENT" ||
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase) || name.Contains("__", StringComparison.Ordinal);

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null) lines.Enqueue(line);
    }
}
