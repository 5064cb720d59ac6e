using System.Text.Json;
using OrleansPs.Core.Specs;
using OrleansPs.Embedded;
using OrleansPs.Training.Tests;

namespace OrleansPs.Ctl.Tests;

/// <summary>The program on a server in this process, with a model of three blocks.</summary>
internal sealed class Bench : IAsyncDisposable
{
    public const string Model = "m";
    private const int Length = 2500;

    private readonly TempDirectory _directory;

    private Bench(TempDirectory directory, EmbeddedParameterServer server)
    {
        _directory = directory;
        Server = server;
        Admin = new(Snapshots(directory));
    }

    public EmbeddedParameterServer Server { get; }

    public FakeAdmin Admin { get; }

    /// <summary>What an operator answers; nobody is there where it is null.</summary>
    public string? Answer { get; set; }

    public CancellationTokenSource Stop { get; } = new();

    /// <summary>What happens while the program waits.</summary>
    public Action Pause { get; set; } = () => { };

    public static ModelSpec Spec { get; } = new(Model)
    {
        Parameters = [new("w", [Length], Initializer.Uniform(-1, 1))],
        Optimizer = Optimizer.Sgd(lr: 0.1, momentum: 0.9),
        Consistency = ConsistencyPolicy.StaleSynchronous(10),
        Workers = 2,
        BlockBytes = 4096,
    };

    public static async Task<Bench> StartAsync()
    {
        var directory = new TempDirectory();
        return new(directory, await StartServerAsync(Snapshots(directory)));
    }

    public static Task<EmbeddedParameterServer> StartServerAsync(string snapshots) =>
        EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = snapshots });

    public static async Task<float[]> ReadAsync(IParameterServer server)
    {
        await using var reader = await server.OpenReaderAsync(Model);
        var values = new float[Length];
        await reader.ReadLatestAsync(new() { { "w", values } });
        return values;
    }

    public string Path(string name) => _directory.File(name);

    public string WriteSpec(ModelSpec spec) => _directory.Write("spec.json", ModelSpecJson.Encode(spec));

    /// <summary>Rank 0 does steps of its own, as far as the bound lets it.</summary>
    public async Task TrainAsync(int steps)
    {
        await using var worker = await Server.JoinAsync(Model, 0);
        for (var step = 0; step < steps; step++)
        {
            await worker.PushAsync(new() { { "w", Enumerable.Range(0, Length).Select(i => (i + step) / 1000f).ToArray() } });
            await worker.ClockAsync(step + 1);
        }
    }

    public async Task<Outcome> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var surroundings = new Surroundings(new StringReader(Answer ?? ""), output, error)
        {
            CanAsk = Answer is not null,
            ConnectAsync = (_, _) => Task.FromResult(new Cluster(Server, Admin, null)),
            PauseAsync = async (_, cancel) =>
            {
                Pause();
                await Task.Delay(1, cancel);
            },
        };
        var status = await CtlApp.RunAsync(arguments, surroundings, Stop.Token);
        return new(status, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that must work, and gives its document.</summary>
    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var outcome = await RunAsync([.. arguments, "--json"]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return JsonSerializer.Deserialize<JsonElement>(outcome.Output);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Stop.Dispose();
        _directory.Dispose();
    }

    private static string Snapshots(TempDirectory directory) => directory.File("snapshots");
}

/// <summary>How the program ended.</summary>
internal sealed record Outcome(int Status, string Output, string Error)
{
    /// <summary>The rows of a table, cells with a space between them.</summary>
    public IEnumerable<string> Rows => Output.Split('\n')
        .Select(line => string.Join(' ', line.Split([' ', '│'], StringSplitOptions.RemoveEmptyEntries)))
        .Where(line => line.Length > 0 && !line.Contains('─', StringComparison.Ordinal));

    public void AssertFailed(int status, string message)
    {
        Assert.Equal(status, Status);
        Assert.Equal($"orleansps-ctl: {message}\n", Error);
        Assert.Empty(Output);
    }
}
