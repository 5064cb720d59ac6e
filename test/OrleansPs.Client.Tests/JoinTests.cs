using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class JoinTests
{
    [Fact]
    public async Task A_session_is_where_the_coordinator_says()
    {
        var rig = Rig.Of();
        InheritedCursor[] inherited = [new(3, 5, 7)];
        rig.Transport.On(Call.Join, _ => Task.FromResult<object>(
            new JoinReply(CoordinatorStatus.Ok, 2, 3, 4, 5, 6, 7, 8, 9, 0, [], inherited)));

        await using var session = await rig.JoinAsync();
        await session.PushAsync(Rig.Tensors("a"));

        Assert.Equal(("m", rig.Spec, 0), (session.Model, session.Spec, session.Rank));
        Assert.Equal((5, 6, 7), (session.Position.Step, session.Position.Clock, session.Position.Cursor));
        Assert.Equal(inherited, session.Position.Inherited);
        Assert.Equal(-1, Assert.Single(rig.Transport.Of(Call.Join)).Join.Incarnation);
        Assert.Equal(
            new MessageHeader(Generation: 2, Term: 3, Epoch: 0, Rank: 0, Incarnation: 4, Step: 5, Clock: 6, Sequence: 0, Cut: 9, Certificate: 6),
            Assert.Single(rig.Transport.Of(Call.Push)).Header);
    }

    [Fact]
    public async Task A_join_that_has_to_wait_is_asked_again_with_the_same_nonce()
    {
        var rig = Rig.Of();
        rig.Transport.On(Call.Join, CoordinatorStatus.Waiting, times: 3);

        await using var session = await rig.JoinAsync();

        Assert.Equal(4, rig.Transport.Of(Call.Join).Count());
        Assert.Single(rig.Transport.Of(Call.Join).Select(r => r.Join).Distinct());
    }

    [Fact]
    public async Task A_join_without_an_answer_is_asked_again_with_the_same_nonce()
    {
        var rig = Rig.Of();
        rig.Transport.Lose(Call.Join).On(Call.Join, CoordinatorStatus.NotCoordinator).Throw(Call.Join, new ServerUnavailableException("down"));

        var join = rig.JoinAsync();
        rig.PassUntilEnd(join);

        await using var session = await join;
        Assert.Equal(4, rig.Transport.Of(Call.Join).Count());
        Assert.Single(rig.Transport.Of(Call.Join).Select(r => r.Join).Distinct());
    }

    // "Another generation" may come from a coordinator that was stopped, while the join is in the record.
    [Theory]
    [InlineData(CoordinatorStatus.Evicted, 3)]
    [InlineData(CoordinatorStatus.OtherGeneration, 1)]
    public async Task A_join_that_was_overtaken_is_followed_by_another_one_if_it_is_over_for_sure(CoordinatorStatus status, int nonces)
    {
        var rig = Rig.Of();
        rig.Transport.On(Call.Join, status, times: 2);

        await using var session = await rig.JoinAsync();

        Assert.Equal(3, rig.Transport.Of(Call.Join).Count());
        Assert.Equal(nonces, rig.Transport.Of(Call.Join).Select(r => r.Join.Nonce).Distinct().Count());
    }

    [Fact]
    public async Task A_join_that_is_overtaken_again_and_again_is_given_up()
    {
        var rig = Rig.Of();
        rig.Transport.On(Call.Join, CoordinatorStatus.Evicted, times: 10);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => rig.JoinAsync());

        Assert.Equal(3, rig.Transport.Of(Call.Join).Count());
    }

    [Theory]
    [InlineData(CoordinatorStatus.Fenced, typeof(FencedException))]
    [InlineData(CoordinatorStatus.RankOutOfRange, typeof(InvalidOptionsException))]
    [InlineData(CoordinatorStatus.Refused, typeof(WorkerStateException))]
    public async Task A_refused_join_is_a_typed_error(CoordinatorStatus status, Type error)
    {
        var rig = Rig.Of();
        rig.Transport.On(Call.Join, status);

        await Assert.ThrowsAsync(error, () => rig.JoinAsync());

        Assert.Single(rig.Transport.Of(Call.Join));
    }

    [Fact]
    public async Task A_join_that_fails_leaves_no_heartbeat_behind()
    {
        var rig = Rig.Of();
        rig.Transport.Lose(Call.Join, times: 1000);

        var join = rig.JoinAsync();
        rig.PassUntilEnd(join);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => join);
        var sent = rig.Transport.Requests.Count;
        rig.Pass(rig.Spec.Lease);
        Assert.Equal(sent, rig.Transport.Requests.Count);
    }

    [Fact]
    public async Task A_join_can_be_cancelled()
    {
        var rig = Rig.Of();
        var held = rig.Transport.Hold(Call.Join);
        using var cancel = new CancellationTokenSource();

        var join = rig.JoinAsync(cancellationToken: cancel.Token);
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => join);
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.True(held.WasGivenUp);
    }

    [Fact]
    public async Task A_resume_whose_outcome_is_unknown_is_asked_again_with_the_same_nonce()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.Hold(Call.Join);
        using var cancel = new CancellationTokenSource();
        var resume = rig.Session.ResumeAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => resume);

        await rig.Session.ResumeAsync();
        await rig.Session.ResumeAsync();

        var nonces = rig.Transport.Of(Call.Join).Select(r => r.Join.Nonce).ToArray();
        Assert.Equal(nonces[1], nonces[2]);
        Assert.Equal(3, nonces.Distinct().Count());
    }

    [Fact]
    public async Task A_resume_after_a_takeover_ends_the_session()
    {
        await using var rig = await Rig.JoinAsync();
        rig.Transport.On(Call.Join, CoordinatorStatus.Fenced);

        await Assert.ThrowsAsync<FencedException>(() => rig.Session.ResumeAsync());

        await Assert.ThrowsAsync<FencedException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
        Assert.Equal(2, rig.Transport.Of(Call.Join).Count());
    }

    [Fact]
    public async Task A_resume_waits_for_nobody_but_is_refused_while_calls_have_no_outcome()
    {
        await using var rig = await Rig.JoinAsync();
        var held = new[] { rig.Transport.Hold(Call.Push), rig.Transport.Hold(Call.Clock), rig.Transport.Hold(Call.Join) };

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ResumeAsync());
        held[0].Release();
        await push;
        var clock = rig.Session.ClockAsync(1).AsTask();
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ResumeAsync());
        held[1].Release();
        await clock;
        var resume = rig.Session.ResumeAsync();
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.ResumeAsync());
        held[2].Release();
        await resume;
    }

    [Fact]
    public async Task A_session_disposed_of_while_it_resumes_stays_so()
    {
        await using var rig = await Rig.JoinAsync();
        var held = rig.Transport.Hold(Call.Join);
        var resume = rig.Session.ResumeAsync();

        await rig.Session.DisposeAsync();
        held.Release();

        await Assert.ThrowsAsync<WorkerStateException>(() => resume);
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public async Task A_rank_out_of_its_range_is_refused_and_nothing_is_sent(int rank)
    {
        var rig = Rig.Of();

        var error = await Assert.ThrowsAsync<InvalidOptionsException>(() => WorkerSession.JoinAsync(
            rig.Transport, rig.Spec, rank, new(), rig.Environment, default));

        Assert.Equal(("rank", rank), (error.Parameter, error.Value));
        await Assert.ThrowsAsync<InvalidOptionsException>(() => rig.JoinAsync(new() { MaxInFlight = 257 }));
        Assert.Empty(rig.Transport.Requests);
    }
}
