using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class DisposalTests
{
    [Fact]
    public async Task A_session_that_ends_leaves_its_rank_once()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.DisposeAsync();
        await rig.Session.DisposeAsync();

        Assert.Equal(new PresenceCommand(PresenceKind.Leave, 0, 0, 1), Assert.Single(rig.Transport.Of(Call.Presence)).Presence);
    }

    [Fact]
    public async Task A_session_that_has_left_does_not_leave_again()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.LeaveAsync();
        await rig.Session.LeaveAsync();
        await rig.Session.DisposeAsync();

        Assert.Single(rig.Transport.Of(Call.Presence));
    }

    [Fact]
    public async Task A_session_without_data_and_one_with_a_half_step_leave_too()
    {
        await using (var rig = await Rig.JoinAsync())
        {
            await rig.Session.OutOfDataAsync();
            await rig.Session.DisposeAsync();
            Assert.Equal(PresenceKind.Leave, rig.Transport.Of(Call.Presence).Last().Presence.Kind);
        }
        await using (var rig = await Rig.JoinAsync())
        {
            rig.Transport.On(Call.Push, BlockStatus.StepClosed);
            await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PushAsync(Rig.Tensors("a")).AsTask());
            await rig.Session.DisposeAsync();
            Assert.Equal(PresenceKind.Leave, Assert.Single(rig.Transport.Of(Call.Presence)).Presence.Kind);
        }
    }

    [Theory]
    [InlineData(5000, 2000)]
    [InlineData(500, 500)]
    public async Task The_farewell_takes_two_seconds_at_most(int timeout, int limit)
    {
        await using var rig = await Rig.JoinAsync(options: new() { RequestTimeout = TimeSpan.FromMilliseconds(timeout) });
        var held = rig.Transport.Hold(Call.Presence);

        var disposal = rig.Session.DisposeAsync().AsTask();
        rig.Pass(TimeSpan.FromMilliseconds(limit - 10));
        Assert.False(disposal.IsCompleted);
        rig.Pass(TimeSpan.FromMilliseconds(20));

        Assert.True(disposal.IsCompletedSuccessfully);
        Assert.True(held.WasGivenUp);
        rig.Pass(10 * Rig.Second);
        Assert.Single(rig.Transport.Of(Call.Presence));
    }

    [Fact]
    public async Task A_farewell_that_fails_is_no_error()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Throw(Call.Presence, new InvalidOperationException("broken"));

        await rig.Session.DisposeAsync();
    }

    [Fact]
    public async Task A_session_that_has_ended_refuses_every_call()
    {
        await using var rig = await Rig.JoinAsync();
        await rig.Session.DisposeAsync();
        var (set, sent) = (Rig.Tensors("a"), rig.Transport.Requests.Count);

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(set).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(set).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushPullAsync(set, set).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ClockAsync(1).AsTask());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ResumeAsync());
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.OutOfDataAsync());
        rig.Session.Prefetch(set);

        Assert.Equal(sent, rig.Transport.Requests.Count);
    }

    [Fact]
    public async Task Pushes_under_way_end_and_those_that_wait_for_their_turn_are_told()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Push);
        var pushes = new[] { rig.Session.PushAsync(Rig.Tensors("a")).AsTask(), rig.Session.PushAsync(Rig.Tensors("a")).AsTask() };

        await rig.Session.DisposeAsync();

        await Assert.ThrowsAsync<WorkerStateException>(() => pushes[1]);
        held.Release();
        await pushes[0];
        Assert.Single(rig.Transport.Of(Call.Push));
    }

    [Fact]
    public async Task A_request_is_not_sent_again_after_the_end()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Pull);
        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();

        await rig.Session.DisposeAsync();
        held.Release(BlockStatus.OtherEpoch);
        rig.PassUntilEnd(pull);

        await Assert.ThrowsAsync<WorkerStateException>(() => pull);
        Assert.Single(rig.Transport.Of(Call.Pull));
    }
}
