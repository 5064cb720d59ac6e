using System.Text.Json;

namespace OrleansPs.Ctl.Tests;

public sealed class SiloTests
{
    [Fact]
    public async Task Silos_are_shown_with_what_they_hold()
    {
        await using var bench = await Bench.StartAsync();
        bench.Admin.Silos = [new("10.0.0.1:11111@5", "one", false, 1200, 3 << 20), new("10.0.0.2:11111@6", "[two]", true, 0, 0)];
        Assert.Equal(
            ["silo name draining blocks bytes", "10.0.0.1:11111@5 one no 1,200 3.0 MiB", "10.0.0.2:11111@6 [two] yes 0 0 B"],
            (await bench.RunAsync("silos")).Rows);
        Assert.Equal(
            """
            [{"address":"10.0.0.1:11111@5","name":"one","isDraining":false,"blocks":1200,"bytes":3145728},
            {"address":"10.0.0.2:11111@6","name":"[two]","isDraining":true,"blocks":0,"bytes":0}]
            """.ReplaceLineEndings(""), JsonSerializer.Serialize(await bench.JsonAsync("silos")));
    }

    [Fact]
    public async Task Blocks_are_shown_with_where_they_are()
    {
        await using var bench = await Bench.StartAsync();
        bench.Admin.Blocks = [new(0, "10.0.0.1:11111@5", 2, 17, 4321, 8192, "10.0.0.2:11111@6"), new(1, "10.0.0.1:11111@5", 0, 0, 0, 4, null)];
        Assert.Equal(
            ["block silo standby epoch version entries bytes", "0 10.0.0.1:11111@5 10.0.0.2:11111@6 2 17 4,321 8.0 KiB", "1 10.0.0.1:11111@5 none 0 0 0 4 B"], (await bench.RunAsync("blocks", "m")).Rows);
        Assert.Equal(
            """[{"block":0,"silo":"10.0.0.1:11111@5","epoch":2,"version":17,"entries":4321,"bytes":8192,"standby":"10.0.0.2:11111@6"},{"block":1,"silo":"10.0.0.1:11111@5","epoch":0,"version":0,"entries":0,"bytes":4,"standby":null}]""",
            JsonSerializer.Serialize(await bench.JsonAsync("blocks", "m")));
    }

    [Fact]
    public async Task A_silo_is_drained_until_it_holds_nothing()
    {
        await using var bench = await Bench.StartAsync();
        foreach (var left in (int[])[3, 1, 0]) bench.Admin.Drains.Enqueue(left);
        var outcome = await bench.RunAsync("drain", "s:1@1");
        Assert.Equal((0, "silo s:1@1 holds no blocks any more: tell it to end (SIGTERM), and it hands over its coordinators too\n", ""), (outcome.Status, outcome.Output, outcome.Error));
        Assert.Equal(["drain s:1@1", "drain s:1@1", "drain s:1@1"], bench.Admin.Story);
        Assert.Equal("""{"silo":"s:1@1","blocks":0}""", JsonSerializer.Serialize(await bench.JsonAsync("drain", "s:1@1")));
    }

    [Fact]
    public async Task Draining_is_bounded()
    {
        await using var bench = await Bench.StartAsync();
        bench.Admin.Drains.Enqueue(5);
        (await bench.RunAsync("drain", "s:1@1", "--timeout", "1"))
            .AssertFailed(1, "Silo s:1@1 still holds 5 blocks after 1 s; drain it again for the rest.");
        Assert.True(bench.Admin.Story.Count > 1);
    }

    [Fact]
    public async Task Draining_can_be_interrupted()
    {
        await using var bench = await Bench.StartAsync();
        bench.Admin.Drains.Enqueue(5);
        bench.Pause = bench.Stop.Cancel;
        Assert.Equal(new(130, "", ""), await bench.RunAsync("drain", "s:1@1"));
    }

    [Fact]
    public async Task A_silo_that_is_not_there_is_one_sentence()
    {
        await using var bench = await Bench.StartAsync();
        (await bench.RunAsync("drain", "s:1@1")).AssertFailed(1, "silo is 's:1@1': there is no such silo.");
    }
}
