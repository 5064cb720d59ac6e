namespace OrleansPs.Embedded.Tests;

/// <summary>The training loop that the README shows: it is this file's, word for word, and it learns.</summary>
public sealed class ReadmeLoopTests
{
    [Fact]
    public async Task The_loop_of_the_README_learns_the_line()
    {
        // <loop>
        await using var server = await EmbeddedParameterServer.StartAsync();
        await server.CreateModelAsync(new ModelSpec("line")
        {
            Parameters = [new("w", [1]), new("b", [1])],
            Optimizer = Optimizer.Sgd(lr: 0.05),
            Consistency = ConsistencyPolicy.StaleSynchronous(2),
            Workers = 4,
        });

        async Task TrainAsync(int rank)
        {
            await using var worker = await server.JoinAsync("line", rank);
            float[] w = new float[1], b = new float[1], dw = new float[1], db = new float[1];
            TensorSet values = new() { { "w", w }, { "b", b } }, gradients = new() { { "w", dw }, { "b", db } };
            while (worker.Position.Step < 500)
                await worker.RunStepAsync(async (position, cancel) =>
                {
                    await worker.PullAsync(values, cancel);
                    var x = ((4 * position.Cursor + rank) % 100 / 50f) - 1; // this rank's next example of y = 3x + 1
                    var error = (w[0] * x) + b[0] - ((3 * x) + 1);
                    (dw[0], db[0]) = (2 * error * x, 2 * error);
                    await worker.PushAsync(gradients, cancel);
                    return position.Cursor + 1; // where this rank's data goes on
                });
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(rank => Task.Run(() => TrainAsync(rank))));

        await using var reader = await server.OpenReaderAsync("line");
        var (slope, bias) = (new float[1], new float[1]);
        await reader.ReadLatestAsync(new() { { "w", slope }, { "b", bias } });
        Console.WriteLine($"y = {slope[0]:F3} x + {bias[0]:F3}"); // y = 3.000 x + 1.000
        // </loop>
        Assert.Equal([3f, 1f], [slope[0], bias[0]], (a, b) => Math.Abs(a - b) < 1e-3);
    }

    [Fact]
    public void The_README_shows_this_loop()
    {
        var loop = Between(File.ReadAllText(Path.Combine(Root(), "test/OrleansPs.Embedded.Tests/ReadmeLoopTests.cs")),
            "// <loop>\n", "        // </loop>");
        var unindented = string.Join('\n', loop.Split('\n').Select(line => line.Length >= 8 ? line[8..] : line)).TrimEnd();
        Assert.Contains(unindented, File.ReadAllText(Path.Combine(Root(), "README.md")), StringComparison.Ordinal);
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "OrleansPs.sln"))) directory = Path.GetDirectoryName(directory)!;
        return directory;
    }
}
