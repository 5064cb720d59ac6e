using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class RestartTests
{
    [Theory]
    [InlineData(Call.Push, BlockStatus.StepClosed, StepRestartReason.StepClosed)]
    [InlineData(Call.Pull, BlockStatus.StepClosed, StepRestartReason.StepClosed)]
    [InlineData(Call.PushPull, BlockStatus.StepClosed, StepRestartReason.StepClosed)]
    [InlineData(Call.Push, BlockStatus.OtherGeneration, StepRestartReason.ModelRestored)]
    [InlineData(Call.Pull, BlockStatus.OtherGeneration, StepRestartReason.ModelRestored)]
    [InlineData(Call.Push, BlockStatus.CutClosed, StepRestartReason.Evicted)]
    public async Task A_blocks_refusal_makes_the_step_be_done_again(Call call, BlockStatus status, StepRestartReason reason)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(call, status);

        var error = await Assert.ThrowsAsync<StepRestartException>(() => Start(rig, call));

        Assert.Equal(reason, error.Reason);
        await AssertAllIsRefusedAsync(rig, reason);
        await AssertWorksAfterResumeAsync(rig);
    }

    [Theory]
    [InlineData(CoordinatorStatus.Evicted, StepRestartReason.Evicted)]
    [InlineData(CoordinatorStatus.OtherGeneration, StepRestartReason.ModelRestored)]
    [InlineData(CoordinatorStatus.Refused, StepRestartReason.StepAborted)]
    public async Task The_coordinators_refusal_makes_the_step_be_done_again(CoordinatorStatus status, StepRestartReason reason)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Clock, status);

        var error = await Assert.ThrowsAsync<StepRestartException>(() => Start(rig, Call.Clock));

        Assert.Equal(reason, error.Reason);
        await AssertAllIsRefusedAsync(rig, reason);
        await AssertWorksAfterResumeAsync(rig);
    }

    [Theory]
    [InlineData(Call.Push)]
    [InlineData(Call.Pull)]
    [InlineData(Call.Clock)]
    public async Task A_session_that_was_taken_over_is_over(Call call)
    {
        await using var rig = await Rig.JoinAsync();
        if (call == Call.Clock) rig.Transport.On(call, CoordinatorStatus.Fenced);
        else rig.Transport.On(call, BlockStatus.Fenced);

        Assert.Equal(0, (await Assert.ThrowsAsync<FencedException>(() => Start(rig, call))).Rank);

        var sent = rig.Transport.Requests.Count;
        foreach (var any in new[] { Call.Push, Call.Pull, Call.PushPull, Call.Clock, Call.Join })
            await Assert.ThrowsAsync<FencedException>(() => Start(rig, any));
        await rig.Session.DisposeAsync();
        Assert.Equal(sent, rig.Transport.Requests.Count);
    }

    [Theory]
    [InlineData(Call.Push, BlockStatus.WindowExceeded)]
    [InlineData(Call.Pull, BlockStatus.Conflict)]
    public async Task A_refusal_that_should_not_be_is_no_transient_error(Call call, BlockStatus status)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(call, status);

        Assert.False((await Assert.ThrowsAsync<WorkerStateException>(() => Start(rig, call))).IsTransient);
    }

    [Fact]
    public async Task A_rank_that_the_coordinator_does_not_know_is_a_bad_option()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Clock, CoordinatorStatus.RankOutOfRange);

        Assert.Equal("rank", (await Assert.ThrowsAsync<InvalidOptionsException>(() => Start(rig, Call.Clock))).Parameter);
    }

    [Fact]
    public async Task A_cancelled_push_aborts_the_step()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Push);
        using var cancel = new CancellationTokenSource();

        var push = rig.Session.PushAsync(Rig.Tensors("a"), cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => push);
        Assert.True(held.WasGivenUp);
        await AssertAllIsRefusedAsync(rig, StepRestartReason.StepAborted);
        await AssertWorksAfterResumeAsync(rig);
    }

    [Fact]
    public async Task A_cancelled_pull_changes_nothing()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Hold(Call.Pull);
        using var cancel = new CancellationTokenSource();
        await Start(rig, Call.Push);

        var pull = rig.Session.PullAsync(Rig.Tensors("a"), cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => pull);
        await Start(rig, Call.Clock);
    }

    [Fact]
    public async Task The_step_is_done_again_under_the_identities_it_had()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.Asynchronous));
        await Start(rig, Call.Clock);
        await Start(rig, Call.Push);
        rig.Transport.On(Call.Push, BlockStatus.OtherGeneration);
        await Assert.ThrowsAsync<StepRestartException>(() => Start(rig, Call.Push));

        await rig.Session.ResumeAsync();
        await Start(rig, Call.Push);
        await Start(rig, Call.Push);

        Assert.Equal([(1, 0, 1), (1, 1, 1), (1, 0, 2), (1, 1, 2)], rig.Transport.Of(Call.Push)
            .Select(p => (p.Header.Step, p.Header.Sequence, p.Header.Incarnation)));
    }

    [Fact]
    public async Task A_session_at_work_that_resumes_gives_up_its_step()
    {
        await using var rig = await Rig.JoinAsync();
        await Start(rig, Call.Push);

        var position = await rig.Session.ResumeAsync();

        Assert.Equal((0, 2), (position.Step, rig.Transport.Incarnation));
        Assert.Equal(1, rig.Transport.Of(Call.Join).Last().Join.Incarnation);
    }

    [Fact]
    public async Task A_refusal_of_an_earlier_life_changes_nothing()
    {
        await using var rig = await Rig.JoinAsync();
        var held = new[] { rig.Transport.Hold(Call.Pull), rig.Transport.Hold(Call.Pull), rig.Transport.Hold(Call.Pull) };
        var pulls = held.Select(_ => Start(rig, Call.Pull)).ToArray();

        await rig.Session.ResumeAsync();
        held[0].Release(BlockStatus.Fenced);
        held[1].Release(BlockStatus.OtherGeneration);
        held[2].Release(BlockStatus.OutOfOrder);

        foreach (var pull in pulls)
        {
            rig.PassUntilEnd(pull);
            var error = await Assert.ThrowsAsync<StepRestartException>(() => pull);
            Assert.Equal(StepRestartReason.StepAborted, error.Reason);
        }
        await Start(rig, Call.Clock);
    }

    [Fact]
    public async Task A_pull_that_outlives_its_step_is_the_callers_mistake()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Pull);
        var pull = Start(rig, Call.Pull);

        await Start(rig, Call.Clock);
        held.Release(BlockStatus.StepClosed);

        await Assert.ThrowsAsync<WorkerStateException>(() => pull);
        await Start(rig, Call.Clock);
    }

    [Fact]
    public async Task Pushes_that_wait_for_a_push_that_fails_end_with_it()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Push);
        var pushes = new[] { Start(rig, Call.Push), Start(rig, Call.Push), Start(rig, Call.Push) };

        held.Release(BlockStatus.StepClosed);

        foreach (var push in pushes)
        {
            var error = await Assert.ThrowsAsync<StepRestartException>(() => push);
            Assert.Equal(StepRestartReason.StepClosed, error.Reason);
        }
        Assert.Single(rig.Transport.Of(Call.Push));
        await rig.Session.ResumeAsync();
    }

    [Fact]
    public async Task A_request_under_way_when_the_step_must_be_done_again_is_not_sent_again()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Pull);
        rig.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        var pull = Start(rig, Call.Pull);
        await Assert.ThrowsAsync<StepRestartException>(() => Start(rig, Call.Pull));

        held.Release(BlockStatus.OtherEpoch);
        rig.PassUntilEnd(pull);

        await Assert.ThrowsAsync<StepRestartException>(() => pull);
        Assert.Equal(2, rig.Transport.Of(Call.Pull).Count());
    }

    private static async Task AssertAllIsRefusedAsync(Rig rig, StepRestartReason reason)
    {
        var sent = rig.Transport.Requests.Count;
        foreach (var call in new[] { Call.Push, Call.Pull, Call.PushPull, Call.Clock })
        {
            var error = await Assert.ThrowsAsync<StepRestartException>(() => Start(rig, call));
            Assert.Equal((reason, false), (error.Reason, error.IsTransient));
        }
        await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.OutOfDataAsync());
        Assert.Equal(sent, rig.Transport.Requests.Count);
    }

    private static async Task AssertWorksAfterResumeAsync(Rig rig)
    {
        var nonce = rig.Transport.Of(Call.Join).Last().Join.Nonce;
        rig.Transport.Generation++;
        rig.Transport.Step = 4;

        var position = await rig.Session.ResumeAsync();

        var join = rig.Transport.Of(Call.Join).Last().Join;
        Assert.Equal((1, true), (join.Incarnation, join.Nonce != nonce));
        Assert.Equal((4, 4, 40), (position.Step, position.Clock, position.Cursor));
        Assert.Equal(position, rig.Session.Position);
        await Start(rig, Call.Push);
        var header = rig.Transport.Of(Call.Push).Last().Header;
        Assert.Equal((2, 4, 0), (header.Incarnation, header.Step, header.Sequence));
        Assert.Equal(rig.Transport.Generation, header.Generation);
        await Start(rig, Call.Clock);
    }

    private static Task Start(Rig rig, Call call) => call switch
    {
        Call.Push => rig.Session.PushAsync(Rig.Tensors("a")).AsTask(),
        Call.Pull => rig.Session.PullAsync(Rig.Tensors("a")).AsTask(),
        Call.PushPull => rig.Session.PushPullAsync(Rig.Tensors("a"), Rig.Tensors("a")).AsTask(),
        Call.Join => rig.Session.ResumeAsync(),
        _ => rig.Session.ClockAsync(1).AsTask(),
    };
}
