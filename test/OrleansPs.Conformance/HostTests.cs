using System.Globalization;

namespace OrleansPs.Conformance;

/// <summary>
/// The ground that all topics stand on: a server of the host under test, a directory for its snapshots, a model name of its own
/// for every test, and a token that ends what hangs.
/// </summary>
#pragma warning disable CA1001 // The runner calls DisposeAsync of IAsyncLifetime.
public abstract class HostTests(ConformanceHost host) : IAsyncLifetime
#pragma warning restore CA1001
{
    private static int _models;

    /// <summary>Options of a worker that is not saved by asking again when a call is forgotten: it then waits until the test's end.</summary>
    protected static WorkerOptions Patient { get; } =
        new() { RequestTimeout = TimeSpan.FromMinutes(10), RetryFor = TimeSpan.FromMinutes(10) };

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly TempDirectory _directory = new();

    /// <summary>Only ends tests that hang; nothing is ever expected of it.</summary>
    protected CancellationToken Limit => _limit.Token;

    protected string SnapshotDirectory => _directory.FullPath;

    protected IParameterServer Server { get; private set; } = null!;

    public virtual async Task InitializeAsync() => Server = await StartAsync();

    public virtual async Task DisposeAsync()
    {
        _opened.Reverse();
        foreach (var opened in _opened) await opened.DisposeAsync();
        _limit.Dispose();
        _directory.Dispose();
    }

    /// <summary>Starts a server on the test's directory, or on none.</summary>
    protected async Task<IParameterServer> StartAsync(bool keepsSnapshots = true)
    {
        var server = await host.StartAsync(keepsSnapshots ? _directory.FullPath : null);
        _opened.Add(server);
        return server;
    }

    /// <summary>Stops the server and starts another one on what it kept.</summary>
    protected async Task RestartServerAsync()
    {
        await Server.DisposeAsync();
        Server = await StartAsync();
    }

    /// <summary>A spec of a fresh name whose parameters add up what is pushed, in blocks as small as they can be.</summary>
    protected ModelSpec Spec(params DenseParameter[] parameters) => new(NewName())
    {
        Parameters = parameters,
        Optimizer = Optimizer.Sum(),
        Reduction = Reduction.Sum,
        BlockBytes = 4096,
    };

    protected string NewName() =>
        string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}-{Interlocked.Increment(ref _models)}");

    protected async Task<string> CreateAsync(ModelSpec spec)
    {
        await Server.CreateModelAsync(spec, Limit);
        return spec.Name;
    }

    protected async Task<IParameterWorker> JoinAsync(string model, int rank, WorkerOptions? options = null)
    {
        var worker = await Server.JoinAsync(model, rank, options, Limit);
        _opened.Add(worker);
        return worker;
    }

    protected async Task<IParameterWorker[]> JoinAllAsync(string model, int workers, WorkerOptions? options = null)
    {
        var joined = new IParameterWorker[workers];
        for (var rank = 0; rank < workers; rank++) joined[rank] = await JoinAsync(model, rank, options);
        return joined;
    }

    /// <summary>Creates a model and joins as all its workers.</summary>
    protected async Task<IParameterWorker[]> BeginAsync(ModelSpec spec) =>
        await JoinAllAsync(await CreateAsync(spec), spec.Workers);

    protected async Task<MortalWorker> JoinMortalAsync(string model, int rank)
    {
        var mortal = await host.JoinMortalAsync(Server, model, rank, Limit);
        _opened.Add(mortal.Session);
        return mortal;
    }

    protected Task<ModelStatus> StatusAsync(string model) => Server.GetStatusAsync(model, Limit);

    protected async Task<WorkerInfo> WorkerAsync(string model, int rank) =>
        (await StatusAsync(model)).Workers.Single(w => w.Rank == rank);

    /// <summary>What a model holds now, all parameters one after the other.</summary>
    protected async Task<float[]> ReadAsync(ModelSpec spec)
    {
        await using var reader = await Server.OpenReaderAsync(spec.Name, Limit);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, Limit);
        return Tensors.Flat(values);
    }

    /// <summary>
    /// The snapshot that a call was asked for. Outside BSP it waits until every worker has stood still once; a request that reached
    /// the server only after the last step of all would wait for ever, so they stand still again and again, by joining again.
    /// </summary>
    protected async Task<SnapshotInfo> TakenAsync(Task<SnapshotInfo> taking, params IParameterWorker[] standing)
    {
        while (!taking.IsCompleted)
            foreach (var worker in standing) await worker.ResumeAsync(Limit);
        return await taking;
    }

    /// <summary>Looks again and again until something has come about.</summary>
    protected async Task Until(Func<Task<bool>> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!await holds()) await looks.WaitForNextTickAsync(Limit);
    }

    /// <summary>Completes when a worker is known to wait at the gate.</summary>
    protected Task UntilWaiting(string model, int rank) => Until(async () => (await WorkerAsync(model, rank)).Waiting);
}
