using OrleansPs.Training;

namespace OrleansPs.Ctl.Tests;

public sealed class WeightTests
{
    [Fact]
    public async Task A_model_is_created_with_values_of_a_file_and_its_cut_saved_again()
    {
        await using var bench = await Bench.StartAsync();
        var values = Enumerable.Range(0, 2500).Select(i => i / 7f).ToArray();
        var file = Save(bench, "in.safetensors", new("w", [2500]), values);

        var created = await bench.RunAsync("models", "create", "--spec", bench.WriteSpec(Bench.Spec), "--init", file);
        Assert.Equal($"model 'm' begins with its one parameter of {file}\n", created.Output);
        Assert.Equal(values, await Bench.ReadAsync(bench.Server));

        await bench.TrainAsync(2);
        var trained = await Bench.ReadAsync(bench.Server);
        await bench.Server.TakeSnapshotAsync("m");
        var to = bench.Path("out.safetensors");
        var saved = await bench.RunAsync("models", "save", "m", "--to", to);
        Assert.StartsWith("the parameters of snapshot 2 of round 0 (", saved.Output, StringComparison.Ordinal);
        Assert.EndsWith($" are in {to}\n", saved.Output, StringComparison.Ordinal);
        using (var written = SafetensorsFile.Open(to))
        {
            Assert.Equal(["format", "model", "cut", "generation", "round", "taken_at"], written.Metadata.Keys);
            Assert.Equal(("m", "2"), (written.Metadata["model"], written.Metadata["cut"]));
            var read = new float[2500];
            written.Read("w", 0, read);
            Assert.Equal(trained, read);
        }
        var first = await bench.JsonAsync("models", "save", "m", "--to", to, "--cut", "1");
        Assert.Equal(0, first.GetProperty("generation").GetInt64());
        await bench.RunAsync("models", "load", "m", "--from", to);
        Assert.Equal(values, await Bench.ReadAsync(bench.Server));
    }

    [Fact]
    public async Task What_does_not_match_is_refused_before_anything_is_created_or_reported_if_that_is_fine()
    {
        await using var bench = await Bench.StartAsync();
        var file = Save(bench, "odd.safetensors", new("v", [2]), [1, 2]);
        var spec = bench.WriteSpec(Bench.Spec);

        (await bench.RunAsync("models", "create", "--spec", spec, "--init", file)).AssertFailed(
            1, "The values don't match the parameters of model 'm': missing: 'w'; unexpected: 'v'.");
        Assert.Empty(await bench.Server.ListModelsAsync());
        (await bench.RunAsync("models", "create", "--spec", spec, "--partial")).AssertFailed(2, "--partial goes with --init alone.");

        var created = await bench.RunAsync("models", "create", "--spec", spec, "--init", file, "--partial");
        Assert.Equal($"model 'm' begins with 0 of 1 parameter (missing: 'w'; unexpected: 'v') of {file}\n", created.Output);
        (await bench.RunAsync("models", "create", "--spec", spec, "--init", file, "--partial")).AssertFailed(
            1, "Model 'm' is there already. The command models load begins it anew with other values.");
        var report = await bench.JsonAsync("models", "load", "m", "--from", file, "--partial");
        Assert.Equal("w", report.GetProperty("missing")[0].GetString());
        (await bench.RunAsync("models", "load", "m", "--from", bench.Path("none"))).AssertFailed(
            1, $"{bench.Path("none")}: the file does not exist.");
    }

    [Fact]
    public async Task A_model_with_a_changed_spec_takes_what_matches_in_a_cut_of_the_old_one()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await bench.TrainAsync(2);
        await bench.Server.TakeSnapshotAsync("m");
        var then = await Bench.ReadAsync(bench.Server);
        await bench.Server.DeleteModelAsync("m");
        await bench.Server.CreateModelAsync(Bench.Spec with
        {
            Parameters = [new("w", [2500]), new("more", [3])], Optimizer = Optimizer.Adam(), BlockBytes = 8192,
        });

        var strict = await bench.RunAsync("snapshots", "restore", "m");
        Assert.Contains("differs", strict.Error, StringComparison.Ordinal);
        var restored = await bench.RunAsync("snapshots", "restore", "m", "--partial");

        Assert.StartsWith("model 'm' is put back to snapshot 1 of round 0 (", restored.Output, StringComparison.Ordinal);
        Assert.EndsWith(": 1 of 2 parameters (missing: 'more'; optimizer state anew for 1 parameter)\n", restored.Output, StringComparison.Ordinal);
        Assert.Equal(then, await Bench.ReadAsync(bench.Server));
    }

    private static string Save(Bench bench, string name, DenseParameter parameter, float[] values)
    {
        Safetensors.Save(bench.Path(name), [parameter], new() { { parameter.Name, values } });
        return bench.Path(name);
    }
}
