using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol.Tests;

/// <summary>What is sent together, and who hears of which answer.</summary>
public sealed class BurstTests
{
    private readonly FakeDoors _doors = new();

    [Fact]
    public async Task Requests_of_a_burst_travel_by_silo_in_their_order()
    {
        Burst.Begin();
        var calls = new[] { Add("a", 1), Add("b", 2), Add("a", 3), Add("b", 4) };
        Assert.Empty(_doors["a"].Messages);
        Burst.End();

        Assert.Null(Burst.Current);
        Assert.Equal(["a1 a3"], _doors["a"].Messages.Select(Text));
        Assert.Equal(["b2 b4"], _doors["b"].Messages.Select(Text));
        _doors["b"].Answer(0);
        _doors["a"].Answer(0);
        Assert.Equal([1, 2, 3, 4], (await Task.WhenAll(calls)).Select(r => r.Reply.Version));
    }

    [Fact]
    public void A_message_takes_384_KiB_and_at_least_one_request()
    {
        const int bytes = 150 << 10;
        Burst.Begin();
        for (var i = 1; i <= 5; i++) _ = Add("a", i, bytes);
        _ = Add("a", 6, 2 << 20);
        Burst.End();
        Assert.Equal(["a1 a2", "a3 a4", "a5", "a6"], _doors["a"].Messages.Select(Text));
    }

    [Fact]
    public async Task What_is_sent_on_the_answers_travels_together_too()
    {
        Burst.Begin();
        Task<PullReply>[] calls = [Then("a", 1, 4), Then("a", 2, 5), Then("a", 3, 6)];
        Burst.End();
        // Where no context of the test's would have the sender's code run later.
        await Task.Run(() => _doors["a"].Answer(0));

        Assert.Equal(["a1 a2 a3", "a4 a5 a6"], _doors["a"].Messages.Select(Text));
        Assert.Null(Burst.Current);
        _doors["a"].Answer(1);
        Assert.Equal([4, 5, 6], (await Task.WhenAll(calls)).Select(r => r.Reply.Version));
    }

    [Fact]
    public async Task Where_nothing_else_was_sent_on_the_last_answer_may_go_on_to_the_caller_and_nothing_waits_for_what_that_sends()
    {
        Burst.Begin();
        Task<PullReply>[] calls = [Add("a", 1), Add("a", 2), Then("a", 3, 6)];
        Burst.End();
        var wasWithin = true;
        var then = calls[2].ContinueWith(_ => { }, TaskScheduler.Default);
        _doors["a"].OnMessage = () => wasWithin = Burst.Current is not null;

        await Task.Run(() => _doors["a"].Answer(0));

        Assert.Equal(["a1 a2 a3", "a6"], _doors["a"].Messages.Select(Text));
        Assert.False(wasWithin);
        _doors["a"].Answer(1);
        await then;
        Assert.Equal([1, 2, 6], (await Task.WhenAll(calls)).Select(r => r.Reply.Version));
    }

    [Fact]
    public void A_burst_within_a_burst_is_sent_when_it_ends_itself()
    {
        Burst.Begin();
        _ = Add("a", 1);
        Burst.Begin();
        _ = Add("a", 2);
        Burst.End();
        Assert.Equal(["a2"], _doors["a"].Messages.Select(Text));
        Burst.End();
        Assert.Equal(["a2", "a1"], _doors["a"].Messages.Select(Text));
    }

    [Fact]
    public async Task A_request_that_fails_fails_alone_and_a_message_that_fails_with_all_its_requests()
    {
        Burst.Begin();
        var (first, second) = (Add("a", 1), Add("a", 2));
        Burst.End();
        _doors["a"].Waiting[0].SetResult([new(default, null, new TimeoutException("one")), new(new(BlockStatus.Ok, 2, 0, 0), null, null)]);
        Assert.Equal("one", (await Assert.ThrowsAsync<TimeoutException>(() => first)).Message);
        Assert.Equal(2, (await second).Reply.Version);
        Assert.Empty(_doors.Doubted);

        Burst.Begin();
        (first, second) = (Add("a", 3), Add("a", 4));
        Burst.End();
        _doors["a"].Waiting[1].SetException(new TimeoutException("all"));
        Assert.Equal("all", (await Assert.ThrowsAsync<TimeoutException>(() => first)).Message);
        Assert.Equal("all", (await Assert.ThrowsAsync<TimeoutException>(() => second)).Message);
        Assert.Equal(["a"], _doors.Doubted);
    }

    [Fact]
    public async Task An_answer_too_few_is_none()
    {
        Burst.Begin();
        var (first, second) = (Add("a", 1), Add("a", 2));
        Burst.End();
        _doors["a"].Waiting[0].SetResult([new(new(BlockStatus.Ok, 1, 0, 0), null, null)]);
        await Assert.ThrowsAsync<ServerUnavailableException>(() => first);
        await Assert.ThrowsAsync<ServerUnavailableException>(() => second);
    }

    private Task<PullReply> Add(string silo, int number, int bytes = 100) =>
        Burst.Current!.Add(_doors, silo, _doors[silo], new($"{silo}{number}", BlockRequestKind.Pull, default, null, null, []), bytes).AsTask();

    // As a session's lane does: the next request is made where the answer is heard.
    private async Task<PullReply> Then(string silo, int first, int second)
    {
        var call = Burst.Current!.Add(_doors, silo, _doors[silo], new($"{silo}{first}", BlockRequestKind.Pull, default, null, null, []), 100);
        await call.ConfigureAwait(false);
        if (Burst.Current is not null) return await Add(silo, second).ConfigureAwait(false);
        return await Burst.SendAlone(_doors, silo, _doors[silo], new($"{silo}{second}", BlockRequestKind.Pull, default, null, null, [])).ConfigureAwait(false);
    }

    private static string Text(BlockRequest[] message) => string.Join(' ', message.Select(r => r.Key));

    private sealed class FakeDoors : IBlockDoors
    {
        private readonly Dictionary<string, FakeDoor> _doors = new() { ["a"] = new(), ["b"] = new() };

        public List<string> Doubted { get; } = [];

        public bool SaveHops => true;

        public bool AreRemote => true;

        public FakeDoor this[string silo] => _doors[silo];

        public IBlockDoor? Of(string silo) => this[silo];

        public void Doubt(string silo) => Doubted.Add(silo);
    }

    private sealed class FakeDoor : IBlockDoor
    {
        public List<BlockRequest[]> Messages { get; } = [];

        public List<TaskCompletionSource<BlockAnswer[]>> Waiting { get; } = [];

        public ValueTask<string> Silo() => throw new NotSupportedException();

        public Action OnMessage { get; set; } = () => { };

        public ValueTask<BlockAnswer[]> Exchange(BlockRequest[] requests)
        {
            OnMessage();
            Messages.Add(requests);
            Waiting.Add(new());
            return new(Waiting[^1].Task);
        }

        // Each with the number in its key.
        public void Answer(int message) => Waiting[message].SetResult(
            [.. Messages[message].Select(r => new BlockAnswer(new(BlockStatus.Ok, int.Parse(r.Key[1..], System.Globalization.CultureInfo.InvariantCulture), 0, 0), null, null))]);
    }
}
