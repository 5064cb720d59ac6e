using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class PrefetchTests
{
    [Fact]
    public async Task A_prefetch_is_taken_once_and_writes_nothing_before()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(3));
        var values = Rig.Tensors("c", "a");
        rig.Transport.Value = 5;

        rig.Session.Prefetch(values);
        Assert.Equal((2, 0f), (Pulls(rig), values["a"].Span[0]));
        rig.Transport.Value = 6;
        await rig.Session.PullAsync(values);
        Assert.Equal(2, Pulls(rig));
        Assert.All(values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(5, x)));

        await rig.Session.PullAsync(values);
        Assert.Equal((4, 6f), (Pulls(rig), values["a"].Span[0]));
    }

    [Fact]
    public async Task A_pull_waits_for_the_prefetch_of_its_set()
    {
        await using var rig = await Rig.JoinAsync();
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        rig.Transport.Value = 5;
        rig.Session.Prefetch(values);

        var pull = rig.Session.PullAsync(values).AsTask();
        Assert.False(pull.IsCompleted);
        held.Release();

        await pull;
        Assert.Equal((1, 5f), (Pulls(rig), values["a"].Span[1023]));
    }

    [Fact]
    public async Task A_pull_of_another_set_takes_no_prefetch()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Session.Prefetch(Rig.Tensors("a"));

        await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal(2, Pulls(rig));
    }

    [Theory]
    [InlineData("BSP", false)]
    [InlineData("SSP(0)", false)]
    [InlineData("SSP(1)", true)]
    [InlineData("ASP", true)]
    public async Task A_prefetch_of_the_step_before_is_taken_where_the_policy_allows_it(string policy, bool taken)
    {
        var consistency = policy switch
        {
            "BSP" => ConsistencyPolicy.BulkSynchronous,
            "SSP(0)" => ConsistencyPolicy.StaleSynchronous(0),
            "SSP(1)" => ConsistencyPolicy.StaleSynchronous(1),
            _ => ConsistencyPolicy.Asynchronous,
        };
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: consistency));
        var values = Rig.Tensors("a");
        rig.Session.Prefetch(values);

        await rig.Session.ClockAsync(1);
        await rig.Session.PullAsync(values);

        Assert.Equal(taken ? 1 : 2, Pulls(rig));
    }

    [Fact]
    public async Task A_prefetch_is_as_old_as_its_request_whatever_is_learned_meanwhile()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(0)));
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        rig.Session.Prefetch(values);

        rig.Transport.MinClock = 1;
        await rig.Session.ClockAsync(1);
        held.Release();
        await rig.Session.PullAsync(values);

        Assert.Equal(2, Pulls(rig));
    }

    [Fact]
    public async Task A_prefetch_that_fails_is_none()
    {
        await using var rig = await Rig.JoinAsync();
        var values = Rig.Tensors("a");
        rig.Transport.Throw(Call.Pull, new WorkerStateException("broken"));
        rig.Transport.Value = 5;

        rig.Session.Prefetch(values);
        await rig.Session.PullAsync(values);

        Assert.Equal((2, 5f), (Pulls(rig), values["a"].Span[0]));
    }

    [Fact]
    public async Task A_round_that_closes_during_a_prefetch_is_for_the_pull_to_find_out()
    {
        await using var rig = await Rig.JoinAsync();
        var values = Rig.Tensors("a");
        rig.Transport.On(Call.Pull, BlockStatus.StepClosed);

        rig.Session.Prefetch(values);
        await rig.Session.PushAsync(values);
        rig.Transport.On(Call.Pull, BlockStatus.StepClosed);

        await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PullAsync(values).AsTask());
    }

    [Fact]
    public async Task A_restore_heard_of_by_a_prefetch_restarts_the_step()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Pull, BlockStatus.OtherGeneration);

        rig.Session.Prefetch(Rig.Tensors("a"));

        var error = await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PushAsync(Rig.Tensors("a")).AsTask());
        Assert.Equal(StepRestartReason.ModelRestored, error.Reason);
    }

    [Fact]
    public async Task A_cancelled_pull_leaves_the_prefetch_to_the_next_one()
    {
        await using var rig = await Rig.JoinAsync();
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        using var cancel = new CancellationTokenSource();
        rig.Session.Prefetch(values);

        var pull = rig.Session.PullAsync(values, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        rig.Transport.Value = 5;
        held.Release();
        await rig.Session.PullAsync(values);

        Assert.Equal((1, 5f), (Pulls(rig), values["a"].Span[0]));
    }

    [Fact]
    public async Task A_prefetch_under_way_is_not_started_again()
    {
        await using var rig = await Rig.JoinAsync();
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));

        rig.Session.Prefetch(values);
        rig.Session.Prefetch(values);

        Assert.Equal(1, Pulls(rig));
        held.Release();
    }

    [Fact]
    public async Task A_prefetch_that_was_not_taken_gives_way_to_a_newer_one()
    {
        await using var rig = await Rig.JoinAsync();
        var values = Rig.Tensors("a");
        rig.Session.Prefetch(values);
        rig.Transport.Value = 5;

        rig.Session.Prefetch(values);
        await rig.Session.PullAsync(values);

        Assert.Equal((2, 5f), (Pulls(rig), values["a"].Span[0]));
    }

    [Fact]
    public async Task Four_sets_can_be_prefetched_and_the_one_unused_for_longest_gives_way()
    {
        await using var rig = await Rig.JoinAsync();
        var sets = Enumerable.Range(0, Prefetcher.Capacity + 1).Select(_ => Rig.Tensors("a")).ToArray();

        foreach (var set in sets) rig.Session.Prefetch(set);
        var before = Pulls(rig);
        foreach (var set in sets[1..]) await rig.Session.PullAsync(set);
        Assert.Equal(before, Pulls(rig));

        await rig.Session.PullAsync(sets[0]);
        Assert.Equal(before + 1, Pulls(rig));
    }

    [Fact]
    public async Task With_four_under_way_there_is_no_fifth()
    {
        await using var rig = await Rig.JoinAsync();
        var held = Enumerable.Range(0, Prefetcher.Capacity).Select(_ => rig.Transport.Hold(Call.Pull)).ToArray();

        for (var i = 0; i < held.Length + 1; i++) rig.Session.Prefetch(Rig.Tensors("a"));

        Assert.Equal(Prefetcher.Capacity, Pulls(rig));
        foreach (var request in held) request.Release();
    }

    [Fact]
    public async Task A_set_that_grew_is_prefetched_anew_unless_it_is_under_way()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2));
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        rig.Session.Prefetch(values);
        values.Add("b", new float[1024]);

        rig.Session.Prefetch(values);
        Assert.Equal(1, Pulls(rig));
        held.Release();
        rig.Session.Prefetch(values);
        Assert.Equal(3, Pulls(rig));
        await rig.Session.PullAsync(values);
        Assert.Equal(3, Pulls(rig));
    }

    [Fact]
    public async Task A_prefetch_of_an_earlier_life_is_not_taken()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.Asynchronous));
        var values = Rig.Tensors("a");
        rig.Session.Prefetch(values);

        await rig.Session.ResumeAsync();
        await rig.Session.PullAsync(values);

        Assert.Equal(2, Pulls(rig));
    }

    [Fact]
    public async Task A_pull_that_waits_for_a_prefetch_when_the_session_must_resume_is_told_so()
    {
        await using var rig = await Rig.JoinAsync();
        var (values, held) = (Rig.Tensors("a"), rig.Transport.Hold(Call.Pull));
        rig.Session.Prefetch(values);
        var pull = rig.Session.PullAsync(values).AsTask();

        await rig.Session.ResumeAsync();
        held.Release();

        await Assert.ThrowsAsync<StepRestartException>(() => pull);
        Assert.Equal(0, values["a"].Span[0]);
    }

    [Fact]
    public async Task A_session_that_is_not_at_work_prefetches_nothing()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Clock);
        var clock = rig.Session.ClockAsync(1).AsTask();

        rig.Session.Prefetch(Rig.Tensors("a"));
        held.Release();
        await clock;
        await rig.Session.LeaveAsync();
        rig.Session.Prefetch(Rig.Tensors("a"));

        Assert.Equal(0, Pulls(rig));
    }

    [Fact]
    public async Task A_prefetch_ends_with_its_session()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Pull);
        rig.Session.Prefetch(Rig.Tensors("a"));

        await rig.Session.DisposeAsync();

        Assert.True(held.WasGivenUp);
    }

    [Fact]
    public async Task On_the_pool_a_prefetch_returns_while_the_transport_still_blocks()
    {
        await using var rig = Rig.Of(prefetchOnPool: true);
        await rig.JoinAsync();
        using var returned = new ManualResetEventSlim();
        var hadReturned = false;
        rig.Transport.On(Call.Pull, request =>
        {
            // The limit is for a prefetch that runs on the caller's thread, which would wait for itself.
            hadReturned = returned.Wait(TimeSpan.FromSeconds(5));
            return Task.FromResult(rig.Transport.Usual(request));
        });
        rig.Transport.Value = 5;
        var values = Rig.Tensors("a");

        rig.Session.Prefetch(values);
        Assert.Equal(0, values["a"].Span[0]);
        returned.Set();
        await rig.Session.PullAsync(values);

        Assert.True(hadReturned);
        Assert.Equal((1, 5f), (Pulls(rig), values["a"].Span[0]));
    }

    private static int Pulls(Rig rig) => rig.Transport.Of(Call.Pull).Count();
}
