using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class WindowTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task At_most_a_window_of_requests_is_in_flight_and_the_next_goes_when_one_is_back(int window)
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(5), new() { MaxInFlight = window });
        var held = Enumerable.Range(0, 5).Select(_ => rig.Transport.Hold(Call.Pull)).ToArray();

        var pull = rig.Session.PullAsync(TensorSet.For(rig.Spec)).AsTask();

        for (var back = 0; back < 5; back++)
        {
            Assert.Equal(Math.Min(window, 5 - back), rig.Transport.InFlight);
            Assert.Equal(Math.Min(window + back, 5), rig.Transport.Of(Call.Pull).Count());
            Assert.False(pull.IsCompleted);
            held[back].Release();
        }
        await pull;
    }

    [Fact]
    public async Task A_service_that_answers_at_once_is_asked_in_the_order_of_the_blocks()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(5));

        var push = rig.Session.PushAsync(TensorSet.For(rig.Spec)).AsTask();

        Assert.True(push.IsCompleted);
        await push;
        Assert.Equal([0, 1, 2, 3, 4], rig.Transport.Of(Call.Push).Select(r => r.Block));
        Assert.Equal(1, rig.Transport.MostInFlight);
    }

    [Fact]
    public async Task A_request_that_fails_for_good_ends_the_call_and_the_other_requests()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(3));
        var held = rig.Transport.Hold(Call.Pull);
        rig.Transport.Throw(Call.Pull, new WorkerStateException("broken"));

        var error = await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(TensorSet.For(rig.Spec)).AsTask());

        Assert.Equal("broken", error.Message);
        Assert.True(held.WasGivenUp);
        Assert.Equal([0, 1], rig.Transport.Of(Call.Pull).Select(r => r.Block));
    }

    [Fact]
    public async Task A_cancelled_call_ends_only_when_its_last_request_has_ended()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2));
        var stubborn = new TaskCompletionSource<object>();
        rig.Transport.On(Call.Pull, _ => stubborn.Task);
        var held = rig.Transport.Hold(Call.Pull);
        using var cancel = new CancellationTokenSource();

        var pull = rig.Session.PullAsync(TensorSet.For(rig.Spec), cancel.Token).AsTask();
        await cancel.CancelAsync();

        Assert.True(held.WasGivenUp);
        Assert.False(pull.IsCompleted);
        stubborn.SetResult(new BlockReply(BlockStatus.NeedCertificates, 0, 0, 0));
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => pull);
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.Equal(2, rig.Transport.Of(Call.Pull).Count());
    }

    [Fact]
    public async Task A_call_that_was_done_when_it_was_cancelled_is_done()
    {
        await using var rig = await Rig.JoinAsync();
        var stubborn = new TaskCompletionSource<object>();
        rig.Transport.On(Call.Push, _ => stubborn.Task);
        using var cancel = new CancellationTokenSource();

        var push = rig.Session.PushAsync(Rig.Tensors("a"), cancel.Token).AsTask();
        await cancel.CancelAsync();
        stubborn.SetResult(new BlockReply(BlockStatus.Ok, 0, 0, 0));

        await push;
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task A_cancelled_token_is_heeded_before_anything_is_sent()
    {
        await using var rig = await Rig.JoinAsync();
        var (set, cancelled) = (Rig.Tensors("a"), new CancellationToken(true));

        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.Session.PullAsync(set, cancelled).AsTask());
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.Session.PushAsync(set, cancelled).AsTask());
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.Session.PushPullAsync(set, set, cancelled).AsTask());
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.Session.ClockAsync(1, cancelled).AsTask());

        Assert.Single(rig.Transport.Requests);
        await rig.Session.PushAsync(set);
    }

    [Fact]
    public async Task Under_bsp_a_push_waits_for_the_earlier_one_to_the_same_block()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2));
        var first = rig.Transport.Hold(Call.Push);

        var pushes = new[] { rig.Session.PushAsync(Rig.Tensors("a")).AsTask(), rig.Session.PushAsync(Rig.Tensors("a", "b")).AsTask() };

        Assert.Equal([(0, 0), (1, 0)], rig.Transport.Of(Call.Push).Select(Place));
        first.Release();
        await Task.WhenAll(pushes);
        Assert.Equal([(0, 0), (1, 0), (0, 1)], rig.Transport.Of(Call.Push).Select(Place));
    }

    [Fact]
    public async Task Without_rounds_pushes_to_one_block_need_no_order()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.Asynchronous));
        var first = rig.Transport.Hold(Call.Push);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        await rig.Session.PushAsync(Rig.Tensors("a"));

        Assert.Equal([(0, 0), (0, 1)], rig.Transport.Of(Call.Push).Select(Place));
        first.Release();
        await push;
    }

    [Fact]
    public async Task A_push_that_waits_for_its_turn_can_be_cancelled()
    {
        await using var rig = await Rig.JoinAsync();
        var first = rig.Transport.Hold(Call.Push);
        using var cancel = new CancellationTokenSource();
        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        var waiting = rig.Session.PushAsync(Rig.Tensors("a"), cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        first.Release();
        await push;
        await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.ClockAsync(1).AsTask());
    }

    [Fact]
    public async Task As_many_pushes_as_a_step_may_make_can_wait_for_each_other()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf() with { PushesPerStep = 4096 });
        var first = rig.Transport.Hold(Call.Push);
        var gradients = Rig.Tensors("a");

        var pushes = Enumerable.Range(0, 4096).Select(_ => rig.Session.PushAsync(gradients).AsTask()).ToArray();
        first.Release();
        await Task.WhenAll(pushes);

        Assert.Equal(Enumerable.Range(0, 4096), rig.Transport.Of(Call.Push).Select(r => r.Header.Sequence));
    }

    [Fact]
    public async Task A_push_beyond_the_window_of_a_step_is_refused_and_nothing_of_it_is_sent()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2) with { PushesPerStep = 2 });
        await rig.Session.PushAsync(Rig.Tensors("a"));
        await rig.Session.PushAsync(Rig.Tensors("a"));

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(Rig.Tensors("a", "b")).AsTask());
        await rig.Session.PushAsync(Rig.Tensors("b"));
        await rig.Session.ClockAsync(1);
        await rig.Session.PushAsync(Rig.Tensors("a"));

        Assert.Equal([(0, 0), (0, 1), (1, 0), (0, 0)], rig.Transport.Of(Call.Push).Select(Place));
        Assert.Equal([0, 0, 0, 1], rig.Transport.Of(Call.Push).Select(r => r.Header.Step));
    }

    private static (int Block, int Sequence) Place(Request request) => (request.Block, request.Header.Sequence);
}
