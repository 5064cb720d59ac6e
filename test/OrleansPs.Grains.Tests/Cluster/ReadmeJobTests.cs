using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansPs.Conformance;

namespace OrleansPs.Grains.Tests;

/// <summary>The training job that the README shows for a cluster: it is this file's, word for word, and it learns.</summary>
public sealed class ReadmeJobTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_job_of_the_README_learns_the_line_on_a_cluster()
    {
        using var silo = Silo();
        await silo.StartAsync();

        var lines = await Task.WhenAll(JobAsync(["0", _directory.FullPath]), JobAsync(["1", _directory.FullPath]));

        Assert.All(lines, l => Assert.StartsWith("y = 3.00", l, StringComparison.Ordinal));
        await silo.StopAsync();
    }

    [Fact]
    public void The_README_shows_this_job()
    {
        var job = Between(File.ReadAllText(Path.Combine(Root(), "test/OrleansPs.Grains.Tests/Cluster/ReadmeJobTests.cs")),
            "// <job>\n", "        // </job>");
        var unindented = string.Join('\n', job.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line)).TrimEnd();
        Assert.Contains(unindented, File.ReadAllText(Path.Combine(Root(), "README.md")), StringComparison.Ordinal);
    }

    private static async Task<string> JobAsync(string[] args)
    {
        // <job>
        var (rank, directory) = (int.Parse(args[0]), args[1]); // dotnet run -- 0 ~/.orleansps
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleansClient(client => client
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("orleansps", "orleansps"))
            .UseDirectoryClustering(directory)
            .AddParameterServerClient());
        using var host = builder.Build();
        await host.StartAsync();
        var server = host.Services.GetRequiredService<IParameterServer>();

        await server.CreateModelAsync(new ModelSpec("line") // the first worker creates it; for the others it must be the same
        {
            Parameters = [new("w", [1]), new("b", [1])],
            Optimizer = Optimizer.Sgd(lr: 0.1),
            Consistency = ConsistencyPolicy.StaleSynchronous(2),
            Durability = DurabilityPolicy.Snapshot(everyClocks: 100),
            Workers = 2,
        });
        await using var worker = await server.JoinAsync("line", rank);
        float[] w = new float[1], b = new float[1], dw = new float[1], db = new float[1];
        TensorSet values = new() { { "w", w }, { "b", b } }, gradients = new() { { "w", dw }, { "b", db } };
        while (worker.Position.Step < 500)
            await worker.RunStepAsync(async (position, cancel) =>
            {
                await worker.PullAsync(values, cancel);
                var x = ((2 * position.Cursor + rank) % 100 / 50f) - 1; // this rank's next example of y = 3x + 1
                var error = (w[0] * x) + b[0] - ((3 * x) + 1);
                (dw[0], db[0]) = (2 * error * x, 2 * error);
                await worker.PushAsync(gradients, cancel);
                return position.Cursor + 1; // where this rank's data goes on, also after the death of a silo or of this worker
            });
        await worker.PullAsync(values);
        var line = $"y = {w[0]:F3} x + {b[0]:F3}"; // y = 3.000 x + 1.000
        // </job>
        return line;
    }

    private IHost Silo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("orleansps", "orleansps"));
            silo.ConfigureEndpoints(IPAddress.Loopback, Ports.Free(), Ports.Free());
            silo.UseDirectoryClustering(_directory.FullPath);
            silo.AddDirectoryGrainStorage(ParameterServerOptions.DefaultStorageName, _directory.FullPath);
            silo.AddParameterServer();
        });
        return builder.Build();
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "OrleansPs.sln"))) directory = directory.Parent!;
        return directory.FullName;
    }
}
