using System.Globalization;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>Runs the program in this process on a generated data set that takes milliseconds.</summary>
internal sealed class TinyRuns : IDisposable
{
    /// <summary>With four workers and a batch of 4: 15 rounds an epoch.</summary>
    public const int Images = 240;

    private readonly TempDirectory _directory = new();

    public TinyRuns()
    {
        Directory.CreateDirectory(Data);
        Idx.WriteDataSet(Data, Images, test: 100);
    }

    public string Data => File("data");

    public string Report => File("report.html");

    public string File(string name) => _directory.File(name);

    public void Dispose() => _directory.Dispose();

    /// <summary>Options that make <c>fashion-mnist</c> small, small data and a small perceptron, and others that go before them.</summary>
    public string[] Small(params string[] more) => Merge(
        ["fashion-mnist", "--data", Data, "--report", Report, "--hidden", "12", "--batch", "4", "--epochs", "4"], more);

    /// <summary>Runs with the options of <see cref="Small"/>.</summary>
    public Task<Outcome> TrainAsync(params string[] more) => RunAsync(Small(more));

    public static async Task<Outcome> RunAsync(
        string[] arguments, Func<string, string?>? variable = null, CancellationToken stop = default)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        using var error = new StringWriter(CultureInfo.InvariantCulture);
        var surroundings = new Surroundings(output, error, IsTerminal: false, variable ?? (_ => null));
        var status = await TrainApp.RunAsync(arguments, surroundings, stop);
        return new(status, output.ToString(), error.ToString());
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

/// <summary>How a run of the program ended.</summary>
internal sealed record Outcome(int Status, string Output, string Error)
{
    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The line that starts with some words, without them.</summary>
    public string After(string words) => Lines.Last(l => l.StartsWith(words, StringComparison.Ordinal))[words.Length..].Trim();

    /// <summary>Fails with all that was printed unless the run succeeded.</summary>
    public Outcome Succeeded()
    {
        Assert.True(Status == 0, $"status {Status}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>The percentage of the last line that starts with "test accuracy".</summary>
    public double Accuracy => double.Parse(After("test accuracy").TrimEnd('%', ' '), CultureInfo.InvariantCulture);

    /// <summary>The highest staleness of any clock.</summary>
    public long MaxStaleness => long.Parse(After("staleness max").Split(',')[0], CultureInfo.InvariantCulture);
}
