using System.Text.Json;

namespace OrleansPs.Ctl.Tests;

public sealed class WorkerTests
{
    [Fact]
    public async Task Workers_are_shown_with_their_clocks_and_how_far_they_are_behind()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await using var worker = await bench.Server.JoinAsync("m", 0);
        await worker.ClockAsync(7);
        await worker.ClockAsync(8);

        Assert.Equal(
            ["rank incarnation status step clock behind waiting blocks for rounds missed", "0 1 live 2 2 0 no - 0", "1 0 expected 0 0 2 no - 0"],
            (await bench.RunAsync("workers", "m")).Rows);
        Assert.Equal(
            """
            [{"rank":0,"incarnation":1,"status":"live","step":2,"clock":2,"behind":0,"cursor":8,"waiting":false,"blocksForSeconds":null,"roundsMissed":0},
            {"rank":1,"incarnation":0,"status":"expected","step":0,"clock":0,"behind":2,"cursor":0,"waiting":false,"blocksForSeconds":null,"roundsMissed":0}]
            """.ReplaceLineEndings(""), JsonSerializer.Serialize(await bench.JsonAsync("workers", "m")));
    }

    [Fact]
    public async Task Watching_shows_them_again_and_again_until_it_is_ended()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await using var worker = await bench.Server.JoinAsync("m", 0);
        var pauses = 0;
        bench.Pause = () =>
        {
            if (++pauses == 3) bench.Stop.Cancel();
            else Assert.True(worker.ClockAsync(0).AsTask().Wait(TimeSpan.FromSeconds(30)));
        };

        var outcome = await bench.RunAsync("workers", "m", "--watch");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Equal(
            ["0 1 live 0 0 0 no - 0", "0 1 live 1 1 0 no - 0", "0 1 live 2 2 0 no - 0"],
            outcome.Rows.Where(row => row.StartsWith('0')));
    }

    [Fact]
    public async Task A_worker_is_evicted()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await using var worker = await bench.Server.JoinAsync("m", 1);
        Assert.Equal("rank 1 of model 'm' is evicted\n", (await bench.RunAsync("evict", "m", "1")).Output);
        Assert.Equal("evicted", (await bench.JsonAsync("workers", "m"))[1].GetProperty("status").GetString());
        Assert.Equal("""{"model":"m","rank":1}""", JsonSerializer.Serialize(await bench.JsonAsync("evict", "m", "1")));
        (await bench.RunAsync("evict", "m", "2")).AssertFailed(1, "rank is 2: it must be 0 to 1.");
    }
}
