using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class CertificateTests
{
    [Fact]
    public async Task Every_message_brings_the_newest_certificate()
    {
        await using var rig = await Rig.JoinAsync();
        var set = Rig.Tensors("a");

        for (var step = 0; step < 3; step++)
        {
            await rig.Session.PullAsync(set);
            await rig.Session.PushAsync(set);
            await rig.Session.ClockAsync(step);
        }

        var requests = rig.Transport.Requests.Where(r => r.Block == 0).ToArray();
        Assert.Equal([null, null, 0L, 0L, 1L, 1L], requests.Select(r => r.Newest?.Round));
        Assert.Equal([0, 0, 1, 1, 2, 2], requests.Select(r => r.Header.Certificate));
    }

    [Fact]
    public async Task Without_rounds_there_is_none()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(consistency: ConsistencyPolicy.StaleSynchronous(1)));
        await rig.Session.ClockAsync(1);

        await rig.Session.PushAsync(Rig.Tensors("a"));

        var push = Assert.Single(rig.Transport.Of(Call.Push));
        Assert.Equal((null, 0), (push.Newest, push.Header.Certificate));
    }

    [Theory]
    [InlineData(Call.Push)]
    [InlineData(Call.Pull)]
    public async Task A_block_is_given_what_it_lacks_and_asked_again_at_once(Call call)
    {
        await using var rig = await Rig.JoinAsync();
        await PassRoundsAsync(rig, 5);
        rig.Transport.On(call, BlockStatus.NeedCertificates, from: 2);

        var task = call == Call.Push
            ? rig.Session.PushAsync(Rig.Tensors("a")).AsTask()
            : rig.Session.PullAsync(Rig.Tensors("a")).AsTask();

        Assert.True(task.IsCompletedSuccessfully);
        var given = Assert.Single(rig.Transport.Of(Call.Certify));
        Assert.Equal([2, 3, 4], given.Certificates.Select(c => c.Round));
        Assert.Equal((0, 5), (given.Block, given.Header.Certificate));
        Assert.Equal(2, rig.Transport.Of(call).Count());
        Assert.Empty(rig.Transport.Of(Call.Certificates));
    }

    [Fact]
    public async Task What_the_session_has_not_kept_comes_from_the_coordinator()
    {
        await using var rig = await JoinAtRoundFiveAsync();
        rig.Transport.Kept = [.. Enumerable.Range(0, 5).Select(r => ScriptedTransport.Certificate(r))];
        rig.Transport.On(Call.Push, BlockStatus.NeedCertificates, from: 2);

        await rig.Session.PushAsync(Rig.Tensors("a"));

        Assert.Equal(2, Assert.Single(rig.Transport.Of(Call.Certificates)).From);
        Assert.Equal([2, 3, 4], Assert.Single(rig.Transport.Of(Call.Certify)).Certificates.Select(c => c.Round));
    }

    [Fact]
    public async Task What_the_coordinator_tells_is_remembered()
    {
        await using var rig = await JoinAtRoundFiveAsync();
        rig.Transport.Kept = [.. Enumerable.Range(2, 5).Select(r => ScriptedTransport.Certificate(r))];
        rig.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2);

        await rig.Session.PullAsync(Rig.Tensors("a"));

        Assert.Equal([5, 7], rig.Transport.Of(Call.Pull).Select(p => p.Header.Certificate));
        Assert.Equal([5, 5], rig.Transport.Of(Call.Pull).Select(p => p.Header.Clock));
    }

    [Fact]
    public async Task What_nobody_can_give_is_asked_for_again_after_a_pause()
    {
        await using var rig = await JoinAtRoundFiveAsync();
        rig.Transport.On(Call.Push, BlockStatus.NeedCertificates, from: 2, times: 2);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        Assert.False(push.IsCompleted);
        rig.Transport.Kept = [.. Enumerable.Range(0, 5).Select(r => ScriptedTransport.Certificate(r))];
        rig.PassUntilEnd(push);

        await push;
        Assert.Equal(2, rig.Transport.Of(Call.Certificates).Count());
        Assert.Single(rig.Transport.Of(Call.Certify));
    }

    [Fact]
    public async Task A_block_that_does_not_get_on_is_asked_again_after_a_pause()
    {
        await using var rig = await Rig.JoinAsync();
        await PassRoundsAsync(rig, 5);
        rig.Transport.On(Call.Push, BlockStatus.NeedCertificates, from: 2, times: 3);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();

        Assert.Equal(2, rig.Transport.Of(Call.Push).Count());
        Assert.Single(rig.Transport.Of(Call.Certify));
        rig.PassUntilEnd(push);
        await push;
        Assert.Equal(2, rig.Transport.Of(Call.Certify).Count());
    }

    [Fact]
    public async Task A_block_that_missed_many_is_given_them_in_batches_without_a_pause()
    {
        await using var rig = await Rig.JoinAsync();
        await PassRoundsAsync(rig, 100);
        rig.Transport.On(Call.Push, BlockStatus.NeedCertificates, from: 10).On(Call.Push, BlockStatus.NeedCertificates, from: 74);

        await rig.Session.PushAsync(Rig.Tensors("a"));

        Assert.Equal([(10, 64), (74, 26)],
            rig.Transport.Of(Call.Certify).Select(c => (c.Certificates[0].Round, c.Certificates.Count)));
    }

    [Theory]
    [InlineData(Call.Certify)]
    [InlineData(Call.Certificates)]
    public async Task A_loss_on_the_way_is_made_up_for(Call lost)
    {
        await using var rig = await JoinAtRoundFiveAsync();
        rig.Transport.Kept = [.. Enumerable.Range(0, 5).Select(r => ScriptedTransport.Certificate(r))];
        rig.Transport.On(Call.Push, BlockStatus.NeedCertificates, from: 2, times: 2).Lose(lost);

        var push = rig.Session.PushAsync(Rig.Tensors("a")).AsTask();
        rig.PassUntilEnd(push);

        await push;
        Assert.Equal(2, rig.Transport.Of(lost).Count());
    }

    [Fact]
    public async Task A_failure_for_good_while_a_block_is_given_certificates_ends_the_call()
    {
        await using var rig = await Rig.JoinAsync();
        await PassRoundsAsync(rig, 5);
        rig.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2).Throw(Call.Certify, new WorkerStateException("broken"));

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PullAsync(Rig.Tensors("a")).AsTask());
    }

    [Fact]
    public async Task What_is_learned_before_a_resume_is_not_believed_after_it()
    {
        await using var rig = await JoinAtRoundFiveAsync();
        var (set, answer) = (Rig.Tensors("a"), new TaskCompletionSource<object>());
        rig.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2).On(Call.Certificates, _ => answer.Task);
        var pull = rig.Session.PullAsync(set).AsTask();

        await rig.Session.ResumeAsync();
        answer.SetResult(new[] { ScriptedTransport.Certificate(9) });

        await Assert.ThrowsAsync<StepRestartException>(() => pull);
        await rig.Session.PullAsync(set);
        Assert.Equal(5, rig.Transport.Of(Call.Pull).Last().Header.Certificate);
    }

    [Fact]
    public void A_log_keeps_the_newest_in_a_chain()
    {
        var log = new CertificateLog();
        Assert.Equal((0, null), (log.Known, log.Newest));
        Assert.Empty(log.From(0));

        for (var round = 0; round < CertificateLog.Capacity + 10; round++) log.Add(ScriptedTransport.Certificate(round));
        log.Add(ScriptedTransport.Certificate(3));

        Assert.Equal(CertificateLog.Capacity + 10, log.Known);
        Assert.Empty(log.From(9));
        Assert.Equal(Enumerable.Range(10, CertificateLog.MaxBatch).Select(r => (long)r), log.From(10).Select(c => c.Round));
        Assert.Empty(log.From(log.Known));
    }

    [Fact]
    public void A_gap_in_a_log_drops_what_was_before_it()
    {
        var log = new CertificateLog();
        log.Add(ScriptedTransport.Certificate(3));
        log.Add(ScriptedTransport.Certificate(5));

        Assert.Empty(log.From(3));
        Assert.Equal([5], log.From(5).Select(c => c.Round));

        log.Clear();
        Assert.Equal(0, log.Known);
    }

    private static async Task PassRoundsAsync(Rig rig, int rounds)
    {
        for (var round = 0; round < rounds; round++) await rig.Session.ClockAsync(round);
    }

    // The session knows the newest certificate alone, of round 4.
    private static async Task<Rig> JoinAtRoundFive(Rig rig)
    {
        rig.Transport.Step = 5;
        await rig.JoinAsync();
        return rig;
    }

    private static Task<Rig> JoinAtRoundFiveAsync() => JoinAtRoundFive(Rig.Of());
}
