using System.Text.Json;

namespace OrleansPs.Ctl.Tests;

public sealed class PolicyTests
{
    [Fact]
    public async Task A_policy_is_shown_and_changed()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);

        Assert.Equal("model 'm' is trained by SSP(10)\n", (await bench.RunAsync("policy", "m")).Output);
        Assert.Equal(
            "model 'm' is trained by BSP, 1 backup workers, lr x 0.5 from now on\n",
            (await bench.RunAsync("policy", "m", "--consistency", "bsp", "--backup", "1", "--lr-scale", "0.5")).Output);
        Assert.Equal(
            """{"number":2,"mode":"staleSynchronous","staleness":3,"backupWorkers":1,"lrScale":0.5}""",
            JsonSerializer.Serialize(await bench.JsonAsync("policy", "m", "--consistency", "ssp:3")));
        var rows = (await bench.RunAsync("models", "show", "m")).Rows;
        Assert.Contains("consistency SSP(3)", rows);
        Assert.Contains("backup workers 1", rows);
        Assert.Equal(2, (await bench.JsonAsync("models", "show", "m")).GetProperty("policy").GetProperty("number").GetInt64());
    }

    [Fact]
    public async Task A_policy_that_the_model_can_not_have_is_refused()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);

        (await bench.RunAsync("policy", "m", "--backup", "2")).AssertFailed(1, "BackupWorkers is 2: it must be 0 to Workers - 1.");

        Assert.Equal(0, (await bench.JsonAsync("policy", "m")).GetProperty("number").GetInt64());
    }
}
