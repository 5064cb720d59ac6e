using System.Diagnostics;
using System.Globalization;

namespace OrleansPs.Torture;

/// <summary>The processes of a run and the network between them.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private readonly string _directory;
    private readonly Network? _network;
    private readonly TimeSpan _rest;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _watches = [];

    /// <summary>Prepares a cluster; nothing is started.</summary>
    /// <param name="directory">Where everything is kept.</param>
    /// <param name="network">The network, with a place for each silo and then one for each worker; null for loopback.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="workers">Each worker's model and rank.</param>
    /// <param name="rest">How long a worker rests after a step.</param>
    public Cluster(string directory, Network? network, int silos, IReadOnlyList<(string Model, int Rank)> workers, TimeSpan rest)
    {
        (_directory, _network, _rest) = (directory, network, rest);
        foreach (var part in new[] { Silos, Logs, Ledgers }) Directory.CreateDirectory(part);
        Places = network is null ? Place.OnLoopback(silos) : [.. Enumerable.Range(0, silos).Select(i => Place.In(network, i))];
        SiloChildren = [.. Places.Select((place, i) => new Child(_ => StartSilo(place, i), () => place.IsReadyAsync(_http, _stop.Token)))];
        WorkerChildren = [.. workers.Select((worker, i) =>
            new Child(life => StartWorker(worker.Model, worker.Rank, life, network?.In(PlaceOfWorker(i)) ?? []), () => Task.FromResult(true)))];
    }

    /// <summary>Where silos find each other and keep snapshots.</summary>
    public string Silos => Path.Combine(_directory, "silos");

    public string Logs => Path.Combine(_directory, "logs");

    public string Ledgers => Path.Combine(_directory, "ledgers");

    public IReadOnlyList<Place> Places { get; }

    public IReadOnlyList<Child> SiloChildren { get; }

    public IReadOnlyList<Child> WorkerChildren { get; }

    /// <summary>Starts all silos.</summary>
    public void StartSilos() => _watches.AddRange(SiloChildren.Select(child => child.WatchAsync(_stop.Token)));

    /// <summary>Starts all workers.</summary>
    public void StartWorkers() => _watches.AddRange(WorkerChildren.Select(child => child.WatchAsync(_stop.Token)));

    /// <summary>Waits until all silos are ready.</summary>
    /// <returns>Whether they were within the limit.</returns>
    public async Task<bool> AwaitReadyAsync(TimeSpan limit, CancellationToken stop)
    {
        var until = SharedClock.Now + limit;
        while (SiloChildren.Any(silo => silo.State != ChildState.Ready))
        {
            if (SharedClock.Now > until) return false;
            await Task.Delay(100, stop).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>Where a worker is in the network; the place of a silo is its number.</summary>
    public int PlaceOfWorker(int worker) => Places.Count + worker;

    /// <summary>Cuts two places apart, and some time later lets them speak again.</summary>
    public Task CutAsync(int place, int other, TimeSpan length) =>
        Task.WhenAll(CutOneWayAsync(place, other, length), CutOneWayAsync(other, place, length));

    /// <summary>Lets nothing pass from one place to another, the other way all, and some time later everything again.</summary>
    public async Task CutOneWayAsync(int from, int to, TimeSpan length)
    {
        await _network!.CutAsync(from, to).ConfigureAwait(false);
        await Task.Delay(length).ConfigureAwait(false);
        await _network.HealAsync(from, to).ConfigureAwait(false);
    }

    /// <summary>The ledgers of a rank, in the order of its lives.</summary>
    public IEnumerable<IReadOnlyList<LedgerEvent>> ReadLedgers(string model, int rank) =>
        Directory.EnumerateFiles(Ledgers, $"{NameOf(model, rank)}-*").Order(StringComparer.Ordinal).Select(file => LedgerEvent.Read(File.ReadAllText(file)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_watches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var child in WorkerChildren.Concat(SiloChildren)) await child.DisposeAsync().ConfigureAwait(false);
        _http.Dispose();
        _stop.Dispose();
    }

    private Process StartSilo(Place place, int silo) => Tool.Start(
        Path.Combine(Logs, $"silo-{silo}.log"), place.Variables(Silos), [.. place.Prefix, Tool.Dotnet, Tool.SiloPath]);

    private Process StartWorker(string model, int rank, int life, IReadOnlyList<string> prefix)
    {
        var name = NameOf(model, rank);
        var ledger = Path.Combine(Ledgers, string.Create(CultureInfo.InvariantCulture, $"{name}-{life:0000}"));
        return Tool.Start(Path.Combine(Logs, $"worker-{name}.log"), new Dictionary<string, string>(),
            [.. prefix, Tool.Dotnet, typeof(Cluster).Assembly.Location, "worker", Silos, model, Text(rank), ledger, Text((int)_rest.TotalMilliseconds)]);
    }

    private static string NameOf(string model, int rank) => string.Create(CultureInfo.InvariantCulture, $"{model}-{rank:00}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
