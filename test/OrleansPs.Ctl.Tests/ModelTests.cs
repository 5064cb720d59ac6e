using System.Text.Json;
using OrleansPs.Core.Specs;

namespace OrleansPs.Ctl.Tests;

public sealed class ModelTests
{
    [Fact]
    public async Task A_model_is_created_of_a_file_listed_shown_and_deleted()
    {
        await using var bench = await Bench.StartAsync();
        Assert.Empty((await bench.JsonAsync("models", "list")).EnumerateArray());

        var created = await bench.RunAsync("models", "create", "--spec", bench.WriteSpec(Bench.Spec));
        Assert.Equal("model 'm' is there\n", created.Output);
        Assert.Equal(["model", "m"], (await bench.RunAsync("models", "list")).Rows);
        Assert.Equal("""["m"]""", JsonSerializer.Serialize(await bench.JsonAsync("models", "list")));

        Assert.Equal("""{"model":"m"}""", JsonSerializer.Serialize(await bench.JsonAsync("models", "delete", "m", "--yes")));
        Assert.Empty(await bench.Server.ListModelsAsync());
    }

    [Fact]
    public async Task Show_tells_what_the_model_is_and_does()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await bench.TrainAsync(1);

        var rows = (await bench.RunAsync("models", "show", "m")).Rows.ToArray();
        Assert.Equal("m", rows[0]);
        Assert.Contains("consistency SSP(10)", rows);
        Assert.Contains("parameters 1 (2,500 elements, 9.8 KiB)", rows);
        Assert.Contains("blocks 3", rows);
        Assert.Contains("workers 0 live, 2 known", rows);
        Assert.Contains("last snapshot none", rows);
    }

    [Fact]
    public async Task The_document_of_show_has_a_spec_that_a_model_can_be_created_of()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await bench.Server.TakeSnapshotAsync("m");

        var document = await bench.JsonAsync("models", "show", "m");
        Assert.Equal(
            ["model", "generation", "round", "blocks", "workers", "lastSnapshot", "snapshotError", "policy", "spec"],
            document.EnumerateObject().Select(p => p.Name));
        Assert.Equal(1, document.GetProperty("lastSnapshot").GetProperty("cut").GetInt64());
        var spec = ModelSpecJson.Decode(JsonSerializer.SerializeToUtf8Bytes(document.GetProperty("spec")), "spec");
        Assert.Equal(ModelSpecJson.Encode(Bench.Spec), ModelSpecJson.Encode(spec));
    }

    [Theory]
    [InlineData("y\n", 0)]
    [InlineData("Yes\n", 0)]
    [InlineData("n\n", 1)]
    [InlineData("\n", 1)]
    [InlineData("", 1)]
    public async Task Delete_asks_where_it_can(string answer, int status)
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        bench.Answer = answer;
        var outcome = await bench.RunAsync("models", "delete", "m");
        Assert.Equal(status, outcome.Status);
        Assert.StartsWith("Delete model 'm'?", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(status, (await bench.Server.ListModelsAsync()).Count);
    }

    [Fact]
    public async Task Delete_does_nothing_where_nobody_can_be_asked()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        (await bench.RunAsync("models", "delete", "m")).AssertFailed(2, "--yes is needed where nobody can be asked.");
        Assert.Single(await bench.Server.ListModelsAsync());
    }

    [Theory]
    [InlineData("models show x")]
    [InlineData("models delete x --yes")]
    [InlineData("workers x")]
    [InlineData("blocks x")]
    [InlineData("snapshots take x")]
    [InlineData("snapshots restore x")]
    [InlineData("snapshots restore x --partial")]
    [InlineData("policy x")]
    [InlineData("policy x --consistency asp")]
    [InlineData("evict x 0")]
    [InlineData("evict x 0 --json")]
    public async Task A_model_that_is_not_there_is_one_sentence(string command)
    {
        await using var bench = await Bench.StartAsync();
        (await bench.RunAsync(command.Split(' '))).AssertFailed(1, "There is no model 'x'. Create it first.");
    }

    [Fact]
    public async Task A_spec_that_is_none_or_differs_is_refused()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        var missing = await bench.RunAsync("models", "create", "--spec", bench.Path("none.json"));
        Assert.Equal(1, missing.Status);
        Assert.Contains("none.json", missing.Error, StringComparison.Ordinal);

        var other = await bench.RunAsync("models", "create", "--spec", bench.WriteSpec(Bench.Spec with { Seed = 9 }));
        Assert.Equal(1, other.Status);
        Assert.StartsWith("orleansps-ctl: The spec of model 'm' differs from the existing one: ", other.Error, StringComparison.Ordinal);

        var file = bench.WriteSpec(Bench.Spec);
        await File.WriteAllTextAsync(file, "{}");
        Assert.StartsWith($"orleansps-ctl: {file}: ", (await bench.RunAsync("models", "create", "--spec", file)).Error, StringComparison.Ordinal);
    }
}
