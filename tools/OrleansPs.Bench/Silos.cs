using System.Diagnostics;
using System.Globalization;
using OrleansPs.Tools;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>Silos as processes on loopback, in a directory of their own. All ends when this does.</summary>
internal sealed class Silos : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orleansps-bench-");
    private readonly List<Process> _processes = [];

    private Silos(int count) => Places = Place.OnLoopback(count + 1);

    /// <summary>Where the silos are; behind them one more place with free ports.</summary>
    public IReadOnlyList<Place> Places { get; }

    public static async Task<Silos> StartAsync(int count, CancellationToken stop)
    {
        var silos = new Silos(count);
        foreach (var place in silos.Places.Take(count))
            silos._processes.Add(Tool.Start(silos.LogOf(place), place.Variables(silos._directory.FullName), [Tool.Dotnet, Tool.SiloPath]));
        using var http = new HttpClient();
        foreach (var place in silos.Places.Take(count))
            while (!await place.IsReadyAsync(http, stop).ConfigureAwait(false)) await Task.Delay(100, stop).ConfigureAwait(false);
        return silos;
    }

    /// <summary>Starts a process of this program that ends with the silos.</summary>
    public void Run(params string[] arguments) => _processes.Add(Tool.Start(
        Path.Combine(_directory.FullName, "bench.log"), new Dictionary<string, string>(), [Tool.Dotnet, typeof(Silos).Assembly.Location, .. arguments]));

    /// <summary>Connects to one silo alone, so that no message makes a detour.</summary>
    public static Task<ClusterConnection> ConnectAsync(Place place, CancellationToken stop)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{place.Address}:{place.GatewayPort}");
        return ClusterConnection.OpenAsync(new() { Gateways = [GatewayName.Parse(text)] }, stop);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }
        _directory.Delete(recursive: true);
    }

    private string LogOf(Place place) => Path.Combine(_directory.FullName, string.Create(CultureInfo.InvariantCulture, $"silo-{place.SiloPort}.log"));
}
