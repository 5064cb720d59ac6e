using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class ClockTests
{
    [Fact]
    public async Task A_clock_says_which_step_is_done_and_where_the_data_goes_on()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(3)));
        rig.Transport.On(Call.Clock, _ => Task.FromResult<object>(new ClockReply(CoordinatorStatus.Ok, 9, 7, 5, 6, null)));

        var result = await rig.Session.ClockAsync(64);

        Assert.Equal(new ClockCommand(0, 0, 1, 0, 64), Assert.Single(rig.Transport.Of(Call.Clock)).Clock);
        Assert.Equal((9, 7, 2), (result.Clock, result.MinClock, result.Staleness));
        Assert.Equal((1, 9, 64), (rig.Session.Position.Step, rig.Session.Position.Clock, rig.Session.Position.Cursor));
        await rig.Session.PushAsync(Rig.Tensors("a"));
        var header = Assert.Single(rig.Transport.Of(Call.Push)).Header;
        Assert.Equal((1, 9, 5, 6), (header.Step, header.Clock, header.Cut, header.Term));
    }

    [Fact]
    public async Task A_clock_is_refused_while_a_push_is_unresolved()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Push);
        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(1).AsTask());

        Assert.Empty(rig.Transport.Of(Call.Clock));
        held.Release();
        await push;
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task A_push_whose_answer_is_lost_is_unresolved()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.LoseAnswer(Call.Push, []);
        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(1).AsTask());

        rig.PassUntilEnd(push);
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task A_negative_cursor_is_refused()
    {
        await using var rig = await Rig.JoinAsync();

        var error = await Assert.ThrowsAsync<InvalidOptionsException>(() => rig.Session.ClockAsync(-1).AsTask());

        Assert.Equal(("cursor", -1L), (error.Parameter, error.Value));
        await rig.Session.ClockAsync(0);
    }

    [Fact]
    public async Task One_clock_at_a_time()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Clock);
        var clock = rig.Session.ClockAsync(1).AsTask();

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(1).AsTask());

        held.Release();
        await clock;
        Assert.Equal(1, rig.Session.Position.Step);
    }

    [Fact]
    public async Task A_cancelled_clock_stays_to_be_ended_with_the_same_cursor()
    {
        await using var rig = await Rig.JoinAsync();
        var set = Rig.Tensors("a");
        rig.Transport.Hold(Call.Clock);
        using var cancel = new CancellationTokenSource();
        var clock = rig.Session.ClockAsync(8, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => clock);

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(set).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(set).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.OutOfDataAsync());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(9).AsTask());
        Assert.Equal(0, rig.Session.Position.Step);

        Assert.Equal(1, (await rig.Session.ClockAsync(8)).Clock);
        Assert.Single(rig.Transport.Of(Call.Clock).Select(r => r.Clock).Distinct());
        await rig.Session.PushAsync(set);
    }

    [Fact]
    public async Task A_resume_frees_a_session_from_a_clock_without_an_outcome()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Throw(Call.Clock, new ServerUnavailableException("down"), times: 1000);
        await rig.FailureOf<ServerUnavailableException>(new(rig.Session.ClockAsync(8).AsTask()));
        rig.Transport.Step = 1;

        var position = await rig.Session.ResumeAsync();

        Assert.Equal(1, position.Step);
        await rig.Session.PushAsync(Rig.Tensors("a"));
    }

    [Fact]
    public async Task A_clock_without_an_answer_is_asked_again_as_it_was()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Lose(Call.Clock).On(Call.Clock, CoordinatorStatus.NotCoordinator);

        var clock = rig.Session.ClockAsync(8).AsTask();
        rig.PassUntilEnd(clock);

        Assert.Equal(1, (await clock).Clock);
        Assert.Equal(3, rig.Transport.Of(Call.Clock).Count());
        Assert.Single(rig.Transport.Of(Call.Clock).Select(r => r.Clock).Distinct());
    }

    [Fact]
    public async Task The_gate_is_waited_at_as_long_as_the_coordinator_says_so()
    {
        var options = new WorkerOptions { RetryFor = 5 * Rig.Second };
        await using var rig = await Rig.JoinAsync(options: options);
        for (var i = 0; i < 60; i++)
        {
            rig.Transport.On(Call.Clock, async _ =>
            {
                await Task.Delay(Rig.Second, rig.Time);
                return new ClockReply { Status = CoordinatorStatus.Waiting };
            });
        }
        var start = rig.Time.GetUtcNow();

        var clock = rig.Session.ClockAsync(8).AsTask();
        rig.PassUntilEnd(clock);

        Assert.Equal(1, (await clock).Clock);
        Assert.InRange(rig.Time.GetUtcNow() - start, 60 * Rig.Second, 61 * Rig.Second);
    }

    [Fact]
    public async Task A_coordinator_may_let_a_clock_wait_for_longer_than_other_requests_take()
    {
        await using var rig = await Rig.JoinAsync(options: new() { RequestTimeout = TimeSpan.FromMilliseconds(100) });
        var held = rig.Transport.Hold(Call.Clock);

        var clock = rig.Session.ClockAsync(8).AsTask();
        rig.Pass(Parking.Limit);
        Assert.False(held.WasGivenUp);
        rig.Pass(TimeSpan.FromMilliseconds(110));

        Assert.True(held.WasGivenUp);
        rig.PassUntilEnd(clock);
        await clock;
    }

    [Fact]
    public async Task An_eviction_heard_of_before_the_answer_comes_is_believed()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Clock);
        rig.Transport.On(Call.Presence, CoordinatorStatus.Evicted);
        var clock = rig.Session.ClockAsync(8).AsTask();

        rig.Transport.Lose(Call.Clock, times: 2);
        rig.Pass(rig.Spec.Lease / 3);
        rig.PassUntilEnd(clock);

        var error = await Assert.ThrowsAsync<StepRestartException>(() => clock);
        Assert.Equal(StepRestartReason.Evicted, error.Reason);
        Assert.True(held.WasGivenUp);
    }

    [Fact]
    public async Task A_rank_without_data_says_so_once_and_comes_back_by_resuming()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.OutOfDataAsync();
        await rig.Session.OutOfDataAsync();

        Assert.Equal(new PresenceCommand(PresenceKind.OutOfData, 0, 0, 1), Assert.Single(rig.Transport.Of(Call.Presence)).Presence);
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(Rig.Tensors("a")).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(1).AsTask());
        await rig.Session.ResumeAsync();
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task A_rank_neither_runs_out_of_data_nor_leaves_while_a_push_is_unresolved()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Push);
        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.OutOfDataAsync());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.LeaveAsync());

        Assert.Empty(rig.Transport.Of(Call.Presence));
        held.Release();
        await push;
    }

    [Fact]
    public async Task A_farewell_that_is_refused_is_a_typed_error()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Presence, CoordinatorStatus.OtherGeneration);

        var error = await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.LeaveAsync());

        Assert.Equal(StepRestartReason.ModelRestored, error.Reason);
        await rig.Session.ResumeAsync();
        await rig.Session.LeaveAsync();
    }
}
