namespace OrleansPs.Train.Tests;

/// <summary>Where data is looked for, and what is said when it is missing or damaged.</summary>
public sealed class DataTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public async Task A_truncated_file_is_named()
    {
        var images = Path.Combine(_runs.Data, "train-images-idx3-ubyte");
        var bytes = await File.ReadAllBytesAsync(images);
        await File.WriteAllBytesAsync(images, bytes[..^100]);
        AssertRefused(await _runs.TrainAsync(), $"train: {images}: truncated");
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var labels = Path.Combine(_runs.Data, "t10k-labels-idx1-ubyte");
        File.Delete(labels + ".gz");
        AssertRefused(await _runs.TrainAsync(), $"train: {labels}: the file does not exist");
    }

    [Fact]
    public async Task A_missing_directory_is_named_with_a_way_out()
    {
        var nowhere = _runs.File("nowhere");
        var outcome = await _runs.TrainAsync("--data", nowhere);
        AssertRefused(outcome, $"train: {nowhere}: the directory does not exist. Name one with --data or $ORLEANSPS_DATA");
    }

    [Fact]
    public void The_option_goes_before_the_variable_and_the_variable_before_the_rest()
    {
        Assert.Equal("given", DataDirectory.Find("given", _ => "named"));
        Assert.Equal("named", DataDirectory.Find(null, name => name == "ORLEANSPS_DATA" ? "named" : null));
        var rest = DataDirectory.Find(null, name => name == "XDG_CACHE_HOME" ? "cache" : null);
        Assert.Equal(Directory.Exists(DataDirectory.DebianPackage) ? DataDirectory.DebianPackage : Path.Combine("cache", "orleansps", "fashion-mnist"), rest);
    }

    [Fact]
    public async Task The_variable_names_a_directory()
    {
        var arguments = _runs.Small().ToList();
        arguments.RemoveRange(arguments.IndexOf("--data"), 2);
        var outcome = await TinyRuns.RunAsync([.. arguments], variable: name => name == "ORLEANSPS_DATA" ? _runs.Data : null);
        Assert.EndsWith($"from {_runs.Data}", outcome.Succeeded().Lines[0], StringComparison.Ordinal);
    }

    private void AssertRefused(Outcome outcome, string start)
    {
        Assert.Equal((3, ""), (outcome.Status, outcome.Output));
        Assert.StartsWith(start, Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.False(File.Exists(_runs.Report));
    }
}
