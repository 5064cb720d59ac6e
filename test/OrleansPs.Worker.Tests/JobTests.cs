using System.Globalization;

namespace OrleansPs.Worker.Tests;

/// <summary>Jobs on embedding tables as processes do them, each with some of the ranks.</summary>
public sealed class JobTests
{
    [Theory]
    [InlineData("bsp")]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task Ratings_are_learned_by_two_processes_one_of_which_ends_and_is_followed_by_another(string consistency)
    {
        await using var bench = await Bench.StartAsync();
        var data = bench.File("ratings.csv");
        await File.WriteAllLinesAsync(data, Enumerable.Range(0, 600).Select(i => (User: i % 30, Item: i / 30))
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.User},{r.Item},{3 + (r.User % 3) - (r.Item % 2)}")));
        string[] options = ["ratings", "--data", data, "--consistency", consistency, "--workers", "3", "--batch", "4", "--epochs", "30", "--lr", "0.05", "--factors", "4"];

        var first = bench.RunAsync([.. options, "--ranks", "0-1"]);
        (await bench.RunAsync([.. options, "--rank", "2", "--max-steps", "10"])).Succeeded();
        (await bench.RunAsync([.. options, "--rank", "2"])).Succeeded();
        var outcome = (await first).Succeeded();

        var line = Assert.Single(outcome.Lines, l => l.StartsWith("test RMSE ", StringComparison.Ordinal));
        Assert.InRange(double.Parse(line["test RMSE ".Length..], CultureInfo.InvariantCulture), 0, 0.3);
    }

    [Fact]
    public async Task Word_vectors_are_shown_with_their_nearest()
    {
        await using var bench = await Bench.StartAsync();
        var texts = Directory.CreateDirectory(bench.File("texts")).FullName;
        await File.WriteAllTextAsync(Path.Combine(texts, "1.txt"), string.Concat(Enumerable.Range(0, 300).Select(i => i / 10 % 2 == 0 ? $"a{(char)('a' + (i % 7))} " : $"b{(char)('a' + (i % 7))} ")));
        var outcome = (await bench.RunAsync(
            ["word2vec", "--data", texts, "--workers", "1", "--rank", "0", "--batch", "16", "--epochs", "40", "--min-count", "1", "--threshold", "1", "--width", "8"])).Succeeded();
        Assert.Contains(outcome.Lines, l => l.StartsWith("cosine and PMI of ", StringComparison.Ordinal));
        Assert.Equal(7, outcome.Lines.Count(l => l.StartsWith("  a", StringComparison.Ordinal) || l.StartsWith("  b", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_model_without_dense_parameters_can_not_be_exported()
    {
        await using var bench = await Bench.StartAsync();
        var outcome = await bench.RunAsync(["word2vec", "--rank", "0", "--export", "file"]);
        outcome.AssertFailed(2, "Unrecognized command or argument '--export'.");
    }
}
