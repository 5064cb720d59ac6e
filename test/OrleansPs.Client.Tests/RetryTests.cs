using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class RetryTests
{
    private static readonly ServerUnavailableException Down = new("down");

    [Theory]
    [InlineData(Call.Push)]
    [InlineData(Call.Pull)]
    [InlineData(Call.PushPull)]
    public async Task A_lost_request_is_sent_again_under_the_same_identity(Call call)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Lose(call, times: 3);

        var task = Start(rig, call);
        rig.PassUntilEnd(task);
        await task;

        var requests = rig.Transport.Of(call).ToArray();
        Assert.Equal(4, requests.Length);
        Assert.All(requests, r => Assert.Equal(requests[0].Header, r.Header));
    }

    [Fact]
    public async Task A_push_whose_answer_was_lost_is_sent_again_and_counts_once()
    {
        await using var rig = await Rig.JoinAsync();
        var done = new List<Request>();
        rig.Transport.LoseAnswer(Call.Push, done).On(Call.Push, BlockStatus.Duplicate);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.PassUntilEnd(push);
        await push;
        await rig.Session.ClockAsync(1);

        Assert.Equal([done[0].Header, done[0].Header], rig.Transport.Of(Call.Push).Select(r => r.Header));
    }

    [Fact]
    public async Task Two_pushes_have_two_identities_however_often_they_are_sent()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Throw(Call.Push, Down, times: 2);

        for (var i = 0; i < 2; i++)
        {
            var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
            rig.PassUntilEnd(push);
            await push;
        }

        Assert.Equal([0, 0, 0, 1], rig.Transport.Of(Call.Push).Select(r => r.Header.Sequence));
    }

    [Fact]
    public async Task Pauses_double_to_their_maximum_and_are_shortened_by_up_to_a_half()
    {
        await using var rig = await Rig.JoinAsync(options: new() { FirstBackoff = Rig.Second, MaxBackoff = 4 * Rig.Second });
        rig.Transport.Throw(Call.Push, Down, times: 6);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.PassUntilEnd(push);
        await push;

        var times = rig.Transport.Of(Call.Push).Select(r => r.At).ToArray();
        var pauses = times.Skip(1).Zip(times, (later, earlier) => (later - earlier).TotalSeconds).ToArray();
        double[] longest = [1, 2, 4, 4, 4, 4];
        Assert.All(pauses.Zip(longest), p => Assert.InRange(p.First, p.Second / 2, p.Second + 0.01));
        Assert.True(pauses[2..].Distinct().Count() > 1);
    }

    [Fact]
    public async Task A_push_that_never_gets_through_is_given_up_and_aborts_the_step()
    {
        await using var rig = await Rig.JoinAsync(options: new() { RetryFor = 20 * Rig.Second });
        rig.Transport.Throw(Call.Push, Down, times: 1000);
        var start = rig.Time.GetUtcNow();

        var error = await rig.FailureOf<ServerUnavailableException>(rig.Session.PushAsync(Rig.Tensors("a")));

        Assert.Same(Down, error.InnerException);
        Assert.InRange(rig.Time.GetUtcNow() - start, 19 * Rig.Second, 20 * Rig.Second);
        var restart = await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
        Assert.Equal(StepRestartReason.StepAborted, restart.Reason);
    }

    [Fact]
    public async Task A_pull_that_is_given_up_leaves_the_session_as_it_was()
    {
        await using var rig = await Rig.JoinAsync(options: new() { RetryFor = 20 * Rig.Second });
        await rig.Session.PushAsync(Rig.Tensors("a"));
        rig.Transport.Lose(Call.Pull, times: 4);

        var error = await rig.FailureOf<ServerUnavailableException>(rig.Session.PullAsync(Rig.Tensors("a")));

        Assert.IsType<TimeoutException>(error.InnerException);
        await rig.Session.PullAsync(Rig.Tensors("a"));
        Assert.Equal(1, (await rig.Session.ClockAsync(1)).Clock);
    }

    [Theory]
    [InlineData(BlockStatus.OutOfOrder)]
    [InlineData(BlockStatus.OtherEpoch)]
    public async Task A_block_that_asks_for_patience_is_asked_again_after_a_pause(BlockStatus status)
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Push, status, times: 2);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();

        Assert.False(push.IsCompleted);
        rig.PassUntilEnd(push);
        await push;
        Assert.Equal(3, rig.Transport.Of(Call.Push).Count());
    }

    [Fact]
    public async Task A_block_that_asks_for_patience_for_ever_is_given_up()
    {
        await using var rig = await Rig.JoinAsync(options: new() { RetryFor = 20 * Rig.Second });
        rig.Transport.On(Call.Pull, BlockStatus.OtherEpoch, times: 1000);

        var error = await rig.FailureOf<ServerUnavailableException>(rig.Session.PullAsync(Rig.Tensors("a")));

        Assert.EndsWith("it answered OtherEpoch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_is_given_up_after_its_limit_and_not_before()
    {
        await using var rig = await Rig.JoinAsync(options: new() { RequestTimeout = 3 * Rig.Second });
        var held = rig.Transport.Hold(Call.Pull);

        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();
        rig.Pass(2.9 * Rig.Second);
        Assert.False(held.WasGivenUp);
        rig.Pass(0.2 * Rig.Second);

        Assert.True(held.WasGivenUp);
        await pull;
    }

    [Fact]
    public async Task Every_attempt_has_the_whole_limit()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2), new() { RequestTimeout = 3 * Rig.Second, MaxInFlight = 1 });
        var held = new[] { rig.Transport.Hold(Call.Pull), rig.Transport.Hold(Call.Pull) };

        var pull = rig.Session.PullAsync(TensorSet.For(rig.Spec)).AsTask();
        rig.Pass(2.9 * Rig.Second);
        held[0].Release();
        rig.Pass(2.9 * Rig.Second);

        Assert.False(held[1].WasGivenUp);
        held[1].Release();
        await pull;
        rig.Pass(10 * Rig.Second);
        Assert.Equal(2, rig.Transport.Of(Call.Pull).Count());
    }

    [Fact]
    public async Task The_next_attempt_waits_until_the_one_before_has_ended()
    {
        await using var rig = await Rig.JoinAsync();
        var stubborn = new TaskCompletionSource<object>();
        rig.Transport.On(Call.Pull, _ => stubborn.Task);

        var pull = rig.Session.PullAsync(Rig.Tensors("a")).AsTask();
        rig.Pass(60 * Rig.Second);

        Assert.Single(rig.Transport.Of(Call.Pull));
        stubborn.SetCanceled();
        rig.PassUntilEnd(pull);
        await pull;
        Assert.Equal(2, rig.Transport.Of(Call.Pull).Count());
    }

    [Fact]
    public async Task A_transport_that_loses_a_request_by_cancelling_it_is_asked_again()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Throw(Call.Push, new TaskCanceledException());

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.PassUntilEnd(push);

        await push;
    }

    [Fact]
    public async Task A_call_cancelled_between_two_attempts_makes_no_other_one()
    {
        await using var rig = await Rig.JoinAsync(options: new() { FirstBackoff = Rig.Second });
        rig.Transport.Throw(Call.Pull, Down);
        using var cancel = new CancellationTokenSource();

        var pull = rig.Session.PullAsync(Rig.Tensors("a"), cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => pull);
        rig.Pass(10 * Rig.Second);
        Assert.Single(rig.Transport.Of(Call.Pull));
    }

    private static Task Start(Rig rig, Call call) => call switch
    {
        Call.Push => rig.Session.PushAsync(Rig.Tensors("a")).AsTask(),
        Call.Pull => rig.Session.PullAsync(Rig.Tensors("a")).AsTask(),
        _ => rig.Session.PushPullAsync(Rig.Tensors("a"), Rig.Tensors("a")).AsTask(),
    };
}
