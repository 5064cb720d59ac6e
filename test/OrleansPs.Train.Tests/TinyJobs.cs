using System.Globalization;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>Data for the jobs on embedding tables that takes milliseconds.</summary>
internal sealed class TinyJobs : IDisposable
{
    private readonly TempDirectory _directory = new();

    public TinyJobs()
    {
        var random = new Random(1);
        File.WriteAllLines(Place("examples.txt"), Enumerable.Range(0, 400).Select(_ => Example(random)));
        File.WriteAllLines(Place("ratings.csv"), ["userId,movieId,rating,timestamp", .. Enumerable.Range(0, 600).Select(_ => Rating(random))]);
        Directory.CreateDirectory(Place("texts"));
        File.WriteAllLines(Place("texts/1.txt"), Enumerable.Range(0, 200).Select(_ => Sentence(random)));
    }

    /// <summary>The names of the jobs.</summary>
    public static TheoryData<string> Names => ["logistic", "ratings", "word2vec"];

    public string Report => Place("report.html");

    public string Place(string name) => _directory.File(name);

    public string Data(string job) => Place(job switch { "logistic" => "examples.txt", "ratings" => "ratings.csv", _ => "texts" });

    public Task<Outcome> TrainAsync(string job, params string[] more) => TinyRuns.RunAsync(Arguments(job, more));

    public string[] Arguments(string job, params string[] more) =>
    [
        job, "--data", Data(job), "--report", Report, "--batch", "4", .. more.Contains("--epochs") ? [] : (string[])["--epochs", "4"],
        .. job == "word2vec" ? (string[])["--min-count", "1", "--threshold", "1", "--width", "8"] : [], .. more,
    ];

    public void Dispose() => _directory.Dispose();

    // The lower the indices, the likelier the label.
    private static string Example(Random random)
    {
        long[] keys = [.. Enumerable.Range(0, 6).Select(_ => (long)random.Next(60)).Distinct().Order()];
        var label = keys.Average() + random.NextDouble() < 30 ? 1 : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{label} {string.Join(' ', keys.Select(key => $"{key}:1"))}");
    }

    private static string Rating(Random random)
    {
        var (user, item) = (random.Next(30), random.Next(20));
        return string.Create(CultureInfo.InvariantCulture, $"{user},{item},{3 + (user % 3) - (item % 2)},0");
    }

    private static string Sentence(Random random)
    {
        var topic = random.Next(4);
        return string.Join(' ', Enumerable.Range(0, 10).Select(_ => $"{(char)('a' + topic)}{(char)('a' + random.Next(8))}"));
    }
}
