using Microsoft.Extensions.Time.Testing;
using Orleans;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol.Tests;

/// <summary>Calls whose answers do not come, or come from where the block is no longer.</summary>
public sealed class LostCallTests
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(25);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeCluster _cluster;
    private readonly BlockRoutes _routes;
    private readonly ClusterTransport _transport;

    public LostCallTests()
    {
        (var grains, _cluster) = FakeCluster.Create();
        _routes = new(grains, "m", _time);
        _transport = new(grains, "m", _routes, null);
        _cluster.Coordinator.Answer = Map(1, 1, 1, "a", "b");
    }

    [Fact]
    public async Task A_silence_ends_no_call_and_asks_for_the_map()
    {
        var push = PushAsync(0);
        await PassAsync(2000);

        Assert.False(push.IsCompleted);
        Assert.InRange(_cluster.Coordinator.Questions, 2, 12);
        Assert.Single(_cluster.Block("a").Pushes);
        _cluster.Block("a").Pushes[0].SetResult(new(BlockStatus.Ok, 0, 0, 1));
        Assert.Equal(BlockStatus.Ok, (await push).Status);
    }

    [Fact]
    public async Task Calls_that_are_answered_soon_ask_for_no_map()
    {
        for (var i = 0; i < 20; i++)
        {
            var push = PushAsync(0);
            await PassAsync(100);
            _cluster.Block("a").Pushes[i].SetResult(new(BlockStatus.Ok, 0, 0, 1));
            await push;
        }

        Assert.Equal(1, _cluster.Coordinator.Questions);
    }

    [Theory]
    [InlineData(1, "c")] // it has moved
    [InlineData(2, "a")] // the model was put back
    public async Task A_call_to_where_its_block_is_no_longer_is_given_up(long generation, string key)
    {
        var (lost, other) = (PushAsync(0), PushAsync(1));
        _cluster.Coordinator.Answer = Map(generation, 1, 2, key, "b");
        await PassAsync(300);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => lost);
        Assert.Equal(generation == 2, other.IsCompleted);
    }

    [Fact]
    public async Task A_question_that_is_lost_itself_holds_up_nothing()
    {
        await Find(0);
        var lost = PushAsync(0);
        _cluster.Coordinator.Answer = null;
        await PassAsync(200);
        Assert.NotEmpty(_cluster.Coordinator.Asked);
        _cluster.Coordinator.Answer = Map(1, 2, 2, "c", "b");
        await PassAsync(200);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => lost);
    }

    [Fact]
    public async Task Few_questions_are_open_at_a_time()
    {
        _cluster.Coordinator.Answer = null;
        var find = Find(0);
        await PassAsync(375);
        Assert.InRange(_cluster.Coordinator.Asked.Count, 2, 3);
        await PassAsync(2000);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => find);
        Assert.InRange(_cluster.Coordinator.Asked.Count, 4, 20);
    }

    [Fact]
    public async Task A_question_answered_late_is_heard()
    {
        _cluster.Coordinator.Answer = null;
        var find = Find(0);
        await PassAsync(1000);
        _cluster.Coordinator.Asked.Dequeue().SetResult(new(Map(1, 1, 1, "a", "b"), null));

        Assert.Same(_cluster.Block("a"), (await find).Grain);
    }

    [Fact]
    public async Task A_clock_that_waits_at_a_coordinator_is_given_up_for_the_next_one()
    {
        await Find(0);
        var clock = _transport.ClockAsync(default!, default).AsTask();
        await PassAsync(500);
        Assert.False(clock.IsCompleted);
        _cluster.Coordinator.Answer = Map(1, 2, 2, "a", "b");
        await PassAsync(500);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => clock);
        var next = _transport.ClockAsync(default!, default).AsTask();
        await PassAsync(2000);
        Assert.False(next.IsCompleted);
    }

    [Fact]
    public async Task A_clock_sent_before_anything_is_known_waits_for_its_coordinator()
    {
        var clock = _transport.ClockAsync(default!, default).AsTask();
        await PassAsync(1000);
        Assert.False(clock.IsCompleted);
        _cluster.Coordinator.Answer = Map(1, 2, 2, "a", "b");
        await PassAsync(500);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => clock);
    }

    [Fact]
    public async Task When_a_connection_is_lost_all_calls_are_made_again_at_once()
    {
        var push = PushAsync(0);
        var clock = _transport.ClockAsync(default!, default).AsTask();
        _routes.ConnectionLost();

        await Assert.ThrowsAsync<ServerUnavailableException>(() => push);
        await Assert.ThrowsAsync<ServerUnavailableException>(() => clock);
        _ = PushAsync(0);
        Assert.Equal(2, _cluster.Block("a").Pushes.Count);
    }

    [Fact]
    public async Task A_block_that_was_refused_is_asked_again_where_the_next_map_says()
    {
        var refused = PushAsync(0);
        _cluster.Block("a").Pushes[0].SetException(new TimeoutException("gone"));
        await Assert.ThrowsAsync<ServerUnavailableException>(() => refused);

        var (again, other) = (PushAsync(0), PushAsync(1));
        Assert.Single(_cluster.Block("a").Pushes);
        Assert.Single(_cluster.Block("b").Pushes);
        _cluster.Coordinator.Answer = Map(1, 1, 2, "c", "b");
        await PassAsync(100);

        Assert.Single(_cluster.Block("c").Pushes);
        Assert.False(again.IsCompleted || other.IsCompleted);
    }

    [Fact]
    public async Task A_block_that_was_refused_is_asked_again_there_if_the_map_stays()
    {
        var refused = PushAsync(0);
        _cluster.Block("a").Pushes[0].SetException(new TimeoutException("gone"));
        await Assert.ThrowsAsync<ServerUnavailableException>(() => refused);

        _ = PushAsync(0);
        await PassAsync(300);

        Assert.Equal(2, _cluster.Block("a").Pushes.Count);
    }

    [Fact]
    public async Task An_answer_by_an_older_map_than_one_heard_of_counts_if_the_block_is_where_it_was()
    {
        var (moved, stayed) = (PushAsync(0), PushAsync(1));
        _cluster.Coordinator.Answer = Map(1, 1, 3, "c", "b");
        _routes.NoteVersion(1, 3);
        _cluster.Block("a").Pushes[0].SetResult(new(BlockStatus.Ok, 0, 0, 1));
        _cluster.Block("b").Pushes[0].SetResult(new(BlockStatus.Ok, 0, 0, 1));

        Assert.Equal(BlockStatus.Ok, (await stayed).Status);
        await Assert.ThrowsAsync<ServerUnavailableException>(() => moved);
        Assert.Same(_cluster.Block("c"), (await Find(0)).Grain);
    }

    [Fact]
    public async Task A_cancelled_call_ends_at_once_and_its_late_answer_harms_nobody()
    {
        using var cancel = new CancellationTokenSource();
        var push = _transport.PushAsync(0, Header(), null, default, cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => push);
        var next = PushAsync(0);
        _cluster.Block("a").Pushes[0].SetResult(new(BlockStatus.StepClosed, 0, 0, 1));
        Assert.False(next.IsCompleted);
        _cluster.Block("a").Pushes[1].SetResult(new(BlockStatus.Ok, 0, 0, 1));
        Assert.Equal(BlockStatus.Ok, (await next).Status);
    }

    private Task<BlockRoute> Find(int block) => _routes.FindAsync(block, 1, default).AsTask();

    private Task<BlockReply> PushAsync(int block) => _transport.PushAsync(block, Header(), null, default, default).AsTask();

    private async Task PassAsync(int milliseconds)
    {
        for (var passed = 0; passed < milliseconds; passed += 25)
        {
            _time.Advance(s_step);
            // What an advance sets off goes on elsewhere.
            for (var i = 0; i < 5; i++) await Task.Yield();
            await Task.Delay(1);
        }
    }

    private static MessageHeader Header() => default(MessageHeader) with { Generation = 1 };

    private static BlockMap Map(long generation, long term, long version, params string[] keys) =>
        new(generation, term, version, [.. keys.Select(k => new BlockPlace(k, 1))]);
}
