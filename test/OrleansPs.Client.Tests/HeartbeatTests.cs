using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_session_renews_its_lease_three_times_as_often_as_it_would_run_out()
    {
        await using var rig = await Rig.JoinAsync();
        var start = rig.Time.GetUtcNow();

        rig.Pass(rig.Spec.Lease);

        var beats = rig.Transport.Of(Call.Presence).ToArray();
        Assert.Equal([10, 20, 30], beats.Select(b => (b.At - start).TotalSeconds));
        Assert.All(beats, b => Assert.Equal(new PresenceCommand(PresenceKind.Heartbeat, 0, 0, 1), b.Presence));
    }

    [Theory]
    [InlineData(Call.Push)]
    [InlineData(Call.Clock)]
    public async Task It_goes_on_while_the_session_retries_or_waits_at_the_gate(Call call)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Lose(call, times: 5);

        var task = call == Call.Push
            ? rig.Session.PushAsync(Rig.Tensors("a")).AsTask()
            : rig.Session.ClockAsync(1).AsTask();
        rig.Pass(2 * rig.Spec.Lease / 3);

        Assert.Equal(2, Beats(rig));
        rig.PassUntilEnd(task);
    }

    [Fact]
    public async Task It_stops_when_the_session_leaves()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.LeaveAsync();
        rig.Pass(2 * rig.Spec.Lease);

        Assert.Equal([PresenceKind.Leave], rig.Transport.Of(Call.Presence).Select(p => p.Presence.Kind));
    }

    [Fact]
    public async Task It_stops_when_the_session_is_disposed_of()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.DisposeAsync();
        rig.Pass(2 * rig.Spec.Lease);

        Assert.Equal(0, Beats(rig));
    }

    [Fact]
    public async Task It_rests_while_there_is_no_lease_to_renew()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.OutOfDataAsync();
        rig.Pass(rig.Spec.Lease);
        Assert.Equal(0, Beats(rig));

        await rig.Session.ResumeAsync();
        rig.Pass(rig.Spec.Lease);
        Assert.Equal(3, Beats(rig));
    }

    [Fact]
    public async Task A_lost_heartbeat_is_not_sent_again_but_followed_by_the_next()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Throw(Call.Presence, new ServerUnavailableException("down")).Lose(Call.Presence)
            .Throw(Call.Presence, new InvalidOperationException("broken"));

        rig.Pass(2 * rig.Spec.Lease);

        Assert.Equal(6, Beats(rig));
    }

    [Theory]
    [InlineData(600, 10)]
    [InlineData(2, 2)]
    public async Task A_heartbeat_is_given_up_before_the_next_one_and_never_overlaps_it(int timeout, int limit)
    {
        await using var rig = await Rig.JoinAsync(options: new()
        {
            RequestTimeout = timeout * Rig.Second,
            RetryFor = 600 * Rig.Second,
        });
        var held = rig.Transport.Hold(Call.Presence);

        rig.Pass(rig.Spec.Lease / 3 + (limit - 0.1) * Rig.Second);
        Assert.False(held.WasGivenUp);
        rig.Pass(0.2 * Rig.Second);

        Assert.True(held.WasGivenUp);
        Assert.Equal(1, rig.Transport.Of(Call.Presence).Count(p => p.At < held.Request!.At + limit * Rig.Second));
    }

    [Fact]
    public async Task A_heartbeat_that_does_not_end_is_followed_by_none()
    {
        await using var rig = await Rig.JoinAsync();
        var stubborn = new TaskCompletionSource<object>();
        rig.Transport.On(Call.Presence, _ => stubborn.Task);

        rig.Pass(2 * rig.Spec.Lease);
        Assert.Equal(1, Beats(rig));

        stubborn.SetCanceled();
        rig.Pass(rig.Spec.Lease / 3);
        Assert.Equal(2, Beats(rig));
    }

    [Theory]
    [InlineData(CoordinatorStatus.Evicted, StepRestartReason.Evicted)]
    [InlineData(CoordinatorStatus.OtherGeneration, StepRestartReason.ModelRestored)]
    public async Task What_a_heartbeat_hears_the_next_call_tells(CoordinatorStatus status, StepRestartReason reason)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Presence, status);

        rig.Pass(rig.Spec.Lease / 3);

        var error = await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PushAsync(Rig.Tensors("a")).AsTask());
        Assert.Equal(reason, error.Reason);
        Assert.Empty(rig.Transport.Of(Call.Push));
    }

    [Fact]
    public async Task A_takeover_heard_of_by_a_heartbeat_ends_the_session()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Presence, CoordinatorStatus.Fenced);

        rig.Pass(rig.Spec.Lease);

        await Assert.ThrowsAsync<FencedException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
        Assert.Equal(1, Beats(rig));
    }

    [Theory]
    [InlineData(CoordinatorStatus.NotCoordinator)]
    [InlineData(CoordinatorStatus.Refused)]
    public async Task Other_answers_to_a_heartbeat_mean_nothing(CoordinatorStatus status)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Presence, status, times: 3);

        rig.Pass(rig.Spec.Lease);

        await rig.Session.ClockAsync(1);
    }

    private static int Beats(Rig rig) => rig.Transport.Of(Call.Presence).Count(p => p.Presence.Kind == PresenceKind.Heartbeat);
}
