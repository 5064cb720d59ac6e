namespace OrleansPs.Protocol.Tests;

/// <summary>A call that will not be answered is given up at once; one to a silo that is merely slow is left alone.</summary>
public class OpenCallTests
{
    private static readonly BlockMap s_known = Map(generation: 1, term: 2, version: 3, "a", "b");

    [Fact]
    public void A_map_that_has_the_block_elsewhere_ends_the_call()
    {
        using var calls = new OpenCalls(() => { });
        var (moved, stays, asked) = (calls.Begin(0, Route(s_known)), calls.Begin(1, Route(s_known)), calls.Begin(-1, Route(s_known)));

        calls.MapChanged(Map(1, 2, 4, "x", "b"));

        Assert.Equal((true, false, false), (moved.Abandoned.IsCompleted, stays.Abandoned.IsCompleted, asked.Abandoned.IsCompleted));
    }

    [Fact]
    public void A_map_of_another_coordinator_ends_calls_to_the_one_before()
    {
        using var calls = new OpenCalls(() => { });
        var (block, asked) = (calls.Begin(0, Route(s_known)), calls.Begin(-1, Route(s_known)));

        calls.MapChanged(Map(1, 3, 3, "a", "b"));

        Assert.Equal((false, true), (block.Abandoned.IsCompleted, asked.Abandoned.IsCompleted));
    }

    [Fact]
    public void Another_generation_ends_all_calls()
    {
        using var calls = new OpenCalls(() => { });
        var (block, asked) = (calls.Begin(0, Route(s_known)), calls.Begin(-1, Route(s_known)));

        calls.MapChanged(Map(2, 3, 1, "a", "b"));

        Assert.Equal((true, true), (block.Abandoned.IsCompleted, asked.Abandoned.IsCompleted));
    }

    [Theory]
    [InlineData(1, 2, 2)]
    [InlineData(1, 1, 9)]
    [InlineData(0, 9, 9)]
    public void An_older_map_ends_nothing(long generation, long term, long version)
    {
        using var calls = new OpenCalls(() => { });
        var known = Map(1, 2, 9, "a", "b");
        var (block, asked) = (calls.Begin(0, Route(known)), calls.Begin(-1, Route(known)));

        calls.MapChanged(Map(generation, term, version, "x", "y"));

        Assert.Equal((false, false), (block.Abandoned.IsCompleted, asked.Abandoned.IsCompleted));
    }

    [Fact]
    public void A_lost_gateway_ends_all_calls_and_one_that_ended_is_forgotten()
    {
        using var calls = new OpenCalls(() => { });
        var (open, ended) = (calls.Begin(0, Route(s_known)), calls.Begin(0, default));
        calls.End(ended);

        calls.AbandonAll();

        Assert.Equal((true, false), (open.Abandoned.IsCompleted, ended.Abandoned.IsCompleted));
    }

    [Fact]
    public async Task While_a_call_is_out_for_long_the_map_is_asked_for()
    {
        var asked = new TaskCompletionSource();
        using var calls = new OpenCalls(() => asked.TrySetResult());
        calls.Begin(0, Route(s_known));

        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_gateway_that_is_lost_is_told_and_one_that_is_found_is_not()
    {
        var lost = 0;
        var watch = new GatewayWatch();
        watch.Lost += () => lost++;

        watch.NotifyGatewayCountChanged(2, 1, false);
        Assert.Equal(0, lost);
        watch.NotifyGatewayCountChanged(1, 2, false);
        watch.NotifyClusterConnectionLost();
        Assert.Equal(2, lost);
    }

    private static BlockRoute Route(BlockMap map) => new(map, null!, 0);

    private static BlockMap Map(long generation, long term, long version, params string[] keys) =>
        new(generation, term, version, [.. keys.Select(k => new BlockPlace(k, 0))]);
}
