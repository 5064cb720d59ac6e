using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class CacheTests
{
    private static readonly WorkerOptions Cached = new() { Cache = PullCache.WithinBound };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_copy_answers_exactly_while_its_stamp_is_at_least_the_clock_less_the_bound(int staleness)
    {
        await using var rig = await JoinAsync(staleness);
        rig.Transport.MinClock = 2;
        for (var clock = 0; clock < 2; clock++) await rig.Session.ClockAsync(clock);
        await rig.Session.PullAsync(Rig.Tensors("a"));

        // The stamp is 2, and so it stays.
        for (var clock = 2; clock < 8; clock++)
        {
            var before = Pulls(rig);
            await rig.Session.PullAsync(Rig.Tensors("a"));
            Assert.Equal(2 >= clock - staleness ? 0 : 1, Pulls(rig) - before);
            await rig.Session.ClockAsync(clock);
        }
    }

    [Fact]
    public async Task A_copy_is_stamped_with_the_slowest_clock_known_before_its_request_left()
    {
        await using var rig = await JoinAsync(staleness: 0);
        var held = rig.Transport.Hold(Call.Pull);
        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();

        rig.Transport.MinClock = 1;
        await rig.Session.ClockAsync(0);
        held.Release();
        await pull;
        await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal(2, Pulls(rig));
    }

    [Fact]
    public async Task A_heartbeat_tells_of_the_slowest_clock_too()
    {
        await using var rig = await JoinAsync(staleness: 0);
        await rig.Session.ClockAsync(0);
        rig.Transport.MinClock = 1;
        rig.Pass(rig.Spec.Lease / 3);

        await rig.Session.PullAsync(Rig.Tensors("a"));
        await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal(1, Pulls(rig));
    }

    [Fact]
    public async Task A_slowest_clock_that_is_told_late_lowers_nothing()
    {
        await using var rig = await JoinAsync(staleness: 0);
        rig.Transport.MinClock = 1;
        await rig.Session.ClockAsync(0);
        rig.Transport.MinClock = 0;
        rig.Pass(rig.Spec.Lease / 3);

        await rig.Session.PullAsync(Rig.Tensors("a"));
        await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal(1, Pulls(rig));
    }

    [Fact]
    public async Task Every_segment_has_its_own_stamp_and_a_block_is_answered_whole_or_not_at_all()
    {
        var spec = Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(0)) with
        {
            Parameters = [new("a", [100]), new("b", [100])],
        };
        await using var rig = await Rig.JoinAsync(spec, Cached);
        TensorSet a = new() { { "a", new float[100] } }, b = new() { { "b", new float[100] } }, both = TensorSet.For(spec);
        await rig.Session.PullAsync(a);
        await rig.Session.PullAsync(both);
        Assert.Equal(2, Pulls(rig));
        rig.Transport.MinClock = 1;
        await rig.Session.ClockAsync(0);
        await rig.Session.PullAsync(a);

        await rig.Session.PullAsync(a);
        Assert.Equal(3, Pulls(rig));
        await rig.Session.PullAsync(both);
        Assert.Equal(4, Pulls(rig));
        await rig.Session.PullAsync(b);
        Assert.Equal(4, Pulls(rig));
    }

    [Fact]
    public async Task A_segment_that_was_never_read_is_no_copy()
    {
        var spec = Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(5)) with
        {
            Parameters = [new("a", [100]), new("b", [100])],
        };
        await using var rig = await Rig.JoinAsync(spec, Cached);

        await rig.Session.PullAsync(new() { { "a", new float[100] } });
        await rig.Session.PullAsync(new() { { "b", new float[100] } });

        Assert.Equal(2, Pulls(rig));
    }

    [Fact]
    public async Task A_copy_is_what_was_read_then()
    {
        await using var rig = await JoinAsync(staleness: 5, parameters: 2);
        var values = Rig.Tensors("a", "b");
        rig.Transport.Value = 3;
        await rig.Session.PullAsync(Rig.Tensors("a", "b"));

        rig.Transport.Value = 4;
        await rig.Session.PullAsync(values);

        Assert.All(values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(3, x)));
    }

    [Fact]
    public async Task A_copy_may_lack_the_workers_own_pushes()
    {
        await using var rig = await JoinAsync(staleness: 5);
        var values = Rig.Tensors("a");
        await rig.Session.PullAsync(values);

        await rig.Session.PushAsync(Rig.Tensors("a"));
        await rig.Session.PullAsync(values);

        Assert.Equal(1, Pulls(rig));
    }

    [Fact]
    public async Task A_push_pull_reads_anew_and_its_values_are_the_copy_from_then_on()
    {
        await using var rig = await JoinAsync(staleness: 5);
        var values = Rig.Tensors("a");
        await rig.Session.PullAsync(values);
        rig.Transport.Value = 9;

        await rig.Session.PushPullAsync(Rig.Tensors("a"), Rig.Tensors("a"));
        await rig.Session.PullAsync(values);

        Assert.Equal((1, 1), (Pulls(rig), rig.Transport.Of(Call.PushPull).Count()));
        Assert.Equal(9, values["a"].Span[0]);
    }

    [Fact]
    public async Task A_late_reply_does_not_replace_a_newer_copy()
    {
        await using var rig = await JoinAsync(staleness: 0);
        var (values, late) = (Rig.Tensors("a"), new TaskCompletionSource());
        rig.Transport.On(Call.Pull, async request =>
        {
            await late.Task;
            request.Values.Span[0].Values.Span.Fill(1);
            return new BlockReply(BlockStatus.Ok, 0, 0, 0);
        });
        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();
        rig.Transport.MinClock = 1;
        await rig.Session.ClockAsync(0);
        rig.Transport.Value = 2;
        await rig.Session.PullAsync(values);

        late.SetResult();
        await pull;
        await rig.Session.PullAsync(values);

        Assert.Equal((2, 2f), (Pulls(rig), values["a"].Span[0]));
    }

    [Fact]
    public async Task A_copy_of_an_earlier_life_answers_nothing()
    {
        await using var rig = await JoinAsync(staleness: 5);
        await rig.Session.PullAsync(Rig.Tensors("a"));
        var values = Rig.Tensors("a");

        await rig.Session.ResumeAsync();
        await rig.Session.PullAsync(values);
        await rig.Session.PullAsync(values);

        Assert.Equal(2, Pulls(rig));
    }

    [Fact]
    public async Task A_reply_of_an_earlier_life_is_not_kept()
    {
        await using var rig = await JoinAsync(staleness: 5);
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();
        await rig.Session.ResumeAsync();
        rig.Transport.Value = 2;
        await rig.Session.PullAsync(values);

        rig.Transport.Value = 1;
        held.Release();
        await pull;
        await rig.Session.PullAsync(values);

        Assert.Equal((2, 2f), (Pulls(rig), values["a"].Span[0]));
    }

    [Theory]
    [InlineData("BSP", PullCache.WithinBound)]
    [InlineData("ASP", PullCache.WithinBound)]
    [InlineData("SSP", PullCache.Off)]
    public async Task Where_there_is_no_bound_or_no_wish_every_pull_asks(string policy, PullCache cache)
    {
        var consistency = policy switch
        {
            "BSP" => ConsistencyPolicy.BulkSynchronous,
            "ASP" => ConsistencyPolicy.Asynchronous,
            _ => ConsistencyPolicy.StaleSynchronous(5),
        };
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: consistency), new() { Cache = cache });

        for (var i = 0; i < 3; i++) await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal(3, Pulls(rig));
    }

    private static int Pulls(Rig rig) => rig.Transport.Of(Call.Pull).Count();

    private static Task<Rig> JoinAsync(int staleness, int parameters = 1) =>
        Rig.JoinAsync(Rig.SpecOf(parameters, ConsistencyPolicy.StaleSynchronous(staleness)), Cached);
}
