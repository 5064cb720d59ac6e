using OrleansPs.Training;

namespace OrleansPs.Train.Tests;

/// <summary>Keys and rows of the jobs on embedding tables go to a file and come back.</summary>
public sealed class TableWeightTests : IDisposable
{
    private readonly TinyJobs _jobs = new();

    public void Dispose() => _jobs.Dispose();

    // With such an lr a training changes no bit.
    [Theory]
    [InlineData("ratings", "items.keys", "items.rows", "users.keys", "users.rows")]
    [InlineData("word2vec", "in.keys", "in.rows", "out.keys", "out.rows")]
    public async Task Rows_that_were_exported_begin_another_training(string job, params string[] tensors)
    {
        var (first, second, third) = (_jobs.Place("first"), _jobs.Place("second"), _jobs.Place("third"));
        var trained = (await _jobs.TrainAsync(job, "--export", first)).Succeeded();
        var kept = (await _jobs.TrainAsync(job, "--init", first, "--export", second, "--lr", "1e-30")).Succeeded();
        (await _jobs.TrainAsync(job, "--init", first, "--export", third, "--lr", "1e-30", "--snapshots", _jobs.Place("s"))).Succeeded();

        Assert.Equal(first, trained.After("parameters"));
        Assert.Equal(Score(trained), Score(kept));
        Assert.Equal(tensors, (await ReadAsync(first)).Keys);
        Assert.Equal(await ReadAsync(first), await ReadAsync(second));
        Assert.Equal(await ReadAsync(first), await ReadAsync(third));
    }

    [Fact]
    public async Task Logistic_regression_goes_on_from_its_weights()
    {
        var file = _jobs.Place("weights");
        var trained = (await _jobs.TrainAsync("logistic", "--export", file)).Succeeded();
        string[] still = ["--epochs", "1", "--alpha", "1e-9", "--beta", "1e-12", "--l1", "0"];

        Assert.Equal(Score(trained), Score((await _jobs.TrainAsync("logistic", [.. still, "--init", file])).Succeeded()));
        Assert.NotEqual(Score(trained), Score((await _jobs.TrainAsync("logistic", still)).Succeeded()));
    }

    [Fact]
    public async Task Rows_of_another_width_are_refused()
    {
        var file = _jobs.Place("rows");
        (await _jobs.TrainAsync("ratings", "--export", file, "--factors", "4")).Succeeded();
        var refused = await _jobs.TrainAsync("ratings", "--init", file, "--factors", "5");
        Assert.Equal(1, refused.Status);
        Assert.Contains("don't match the parameters", refused.Error, StringComparison.Ordinal);
    }

    private static string Score(Outcome outcome) => outcome.Lines.Last(l => l.StartsWith("test ", StringComparison.Ordinal) || l.StartsWith("Spearman", StringComparison.Ordinal));

    // Rows by key, whatever their order in the file.
    private static async Task<SortedDictionary<string, string>> ReadAsync(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var tensors = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in file.Tensors.Where(t => t.Name.EndsWith(".keys", StringComparison.Ordinal)).Select(t => t.Name[..^5]))
        {
            var shape = file.Tensors.Single(t => t.Name == table + ".rows").Shape;
            var (keys, rows) = (new long[shape[0]], new float[shape[0] * shape[1]]);
            await file.ReadKeysAsync(table + ".keys", 0, keys);
            await file.ReadAsync(table + ".rows", 0, rows);
            var order = Enumerable.Range(0, keys.Length).OrderBy(i => keys[i]).ToArray();
            tensors[table + ".keys"] = string.Join(' ', order.Select(i => keys[i]));
            tensors[table + ".rows"] = string.Join(' ', order.Select(i => string.Join(',', rows.Skip(i * (int)shape[1]).Take((int)shape[1]).Select(BitConverter.SingleToInt32Bits))));
        }
        return tensors;
    }
}
