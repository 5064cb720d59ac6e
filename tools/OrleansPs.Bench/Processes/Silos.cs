using System.Diagnostics;
using System.Globalization;
using OrleansPs.Tools;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>Silos as processes on loopback, in a directory of their own. All ends when this does.</summary>
internal sealed class Silos : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orleansps-bench-");
    private readonly List<Process> _silos = [];
    private readonly List<Process> _others = [];
    private readonly int _count;

    private Silos(int count, IReadOnlyList<Place> places) => (_count, Places) = (count, places);

    /// <summary>Where the silos are; behind them, on loopback, two more places with free ports.</summary>
    public IReadOnlyList<Place> Places { get; }

    /// <summary>Where a silo can be that is none of these.</summary>
    public Place Spare => Places[_count];

    /// <summary>The silos alone.</summary>
    public IReadOnlyList<Process> Processes => _silos;

    /// <summary>Where clients find the silos.</summary>
    public IReadOnlyList<string> Gateways => [.. Places.Take(_count).Select(GatewayOf)];

    public static Task<Silos> StartAsync(int count, CancellationToken stop) => StartAsync(Place.OnLoopback(count + 2), count, stop);

    /// <summary>Starts silos at the first so many of places.</summary>
    public static async Task<Silos> StartAsync(IReadOnlyList<Place> places, int count, CancellationToken stop)
    {
        var silos = new Silos(count, places);
        foreach (var place in silos.Places.Take(count))
        {
            var variables = new Dictionary<string, string>(place.Variables(silos._directory.FullName))
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(Silos).Assembly.Location,
                [StartupHook.Variable] = silos.MeterOf(place),
            };
            silos._silos.Add(Tool.Start(silos.LogOf(place), variables, [.. place.Prefix, Tool.Dotnet, Tool.SiloPath]));
        }
        using var http = new HttpClient();
        foreach (var place in silos.Places.Take(count))
            while (!await place.IsReadyAsync(http, stop).ConfigureAwait(false)) await Task.Delay(100, stop).ConfigureAwait(false);
        return silos;
    }

    /// <summary>Starts a process of this program that ends with the silos.</summary>
    public Process Run(params string[] arguments)
    {
        _others.Add(Tool.Start(
            Path.Combine(_directory.FullName, "bench.log"), new Dictionary<string, string>(), [Tool.Dotnet, typeof(Silos).Assembly.Location, .. arguments]));
        return _others[^1];
    }

    /// <summary>The bytes that all silos have allocated so far.</summary>
    public long Allocated() => Places.Take(_count).Sum(place => ProcessMeter.Allocated(MeterOf(place)));

    /// <summary>Connects to one silo alone, so that no message makes a detour.</summary>
    public static Task<ClusterConnection> ConnectAsync(Place place, CancellationToken stop) => ConnectAsync([GatewayOf(place)], stop);

    public static Task<ClusterConnection> ConnectAsync(IEnumerable<string> gateways, CancellationToken stop) =>
        ClusterConnection.OpenAsync(new() { Gateways = [.. gateways.Select(GatewayName.Parse)] }, stop);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _silos.Concat(_others))
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }
        _directory.Delete(recursive: true);
    }

    public static string GatewayOf(Place place) => string.Create(CultureInfo.InvariantCulture, $"{place.Address}:{place.GatewayPort}");

    private string LogOf(Place place) => Path.Combine(_directory.FullName, string.Create(CultureInfo.InvariantCulture, $"silo-{place.SiloPort}.log"));

    private string MeterOf(Place place) => Path.Combine(_directory.FullName, string.Create(CultureInfo.InvariantCulture, $"meter-{place.SiloPort}"));
}
