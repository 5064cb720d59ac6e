using System.Globalization;
using OrleansPs.Embedded;
using OrleansPs.Training.Tests;

namespace OrleansPs.Worker.Tests;

/// <summary>The program on a server in this process, and on generated images that take milliseconds.</summary>
internal sealed class Bench : IAsyncDisposable
{
    /// <summary>With four workers and a batch of 4: 15 steps an epoch.</summary>
    private const int Images = 240;

    private readonly TempDirectory _directory;

    private Bench(TempDirectory directory, EmbeddedParameterServer server)
    {
        _directory = directory;
        Server = server;
        Directory.CreateDirectory(Data);
        Idx.WriteDataSet(Data, Images, test: 100);
    }

    public EmbeddedParameterServer Server { get; }

    public string Data => File("data");

    /// <summary>Options that make the job small.</summary>
    public string[] Small => ["fashion-mnist", "--data", Data, "--hidden", "12", "--batch", "4", "--epochs", "4"];

    public static async Task<Bench> StartAsync()
    {
        var directory = new TempDirectory();
        return new(directory, await EmbeddedParameterServer.StartAsync(new() { SnapshotDirectory = directory.File("snapshots") }));
    }

    public string File(string name) => _directory.File(name);

    /// <summary>Runs the small job as some of its workers.</summary>
    public Task<Outcome> WorkAsync(params string[] more) => WorkAsync(CancellationToken.None, more);

    public Task<Outcome> WorkAsync(CancellationToken stop, params string[] more) => RunAsync(Merge(Small, more), stop);

    /// <summary>Runs the program.</summary>
    public async Task<Outcome> RunAsync(string[] arguments, CancellationToken stop = default)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        using var error = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var surroundings = new Surroundings(output, error, _ => null) { ConnectAsync = (_, _) => Task.FromResult(new Connected(Server, null)) };
        var status = await WorkerApp.RunAsync(arguments, surroundings, stop);
        return new(status, output.ToString(), error.ToString());
    }

    /// <summary>Waits until the model is as it should be.</summary>
    public async Task AwaitAsync(Func<ModelStatus, bool> holds, string model = "fashion-mnist")
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await Server.ListModelsAsync(bound.Token)).Contains(model) || !holds(await Server.GetStatusAsync(model, bound.Token)))
            await Task.Delay(2, bound.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Dispose();
    }

    // An option may be given once.
    private static string[] Merge(string[] arguments, string[] more)
    {
        var merged = arguments.ToList();
        foreach (var name in more.Where(a => a.StartsWith("--", StringComparison.Ordinal)))
            if (merged.IndexOf(name) is >= 0 and var at) merged.RemoveRange(at, 2);
        return [.. merged, .. more];
    }
}

/// <summary>How the program ended.</summary>
internal sealed record Outcome(int Status, string Output, string Error)
{
    /// <summary>The lines of stdout without the time that some begin with.</summary>
    public IReadOnlyList<string> Lines => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Length > 9 && line[2] == ':' && line[5] == ':' ? line[9..] : line)];

    /// <summary>The share of images to test with whose class was found.</summary>
    public double Accuracy()
    {
        const string words = "test accuracy ";
        var line = Assert.Single(Lines, line => line.StartsWith(words, StringComparison.Ordinal));
        return double.Parse(line[words.Length..], CultureInfo.InvariantCulture);
    }

    public Outcome Succeeded()
    {
        Assert.True(Status == 0 && Error.Length == 0, $"status {Status}\n{Output}\n{Error}");
        return this;
    }

    public void AssertFailed(int status, string message)
    {
        Assert.Equal(status, Status);
        Assert.Equal($"worker: {message}\n", Error);
    }
}
