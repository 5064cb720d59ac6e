using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class ReaderTests
{
    [Theory]
    [InlineData("ssp")]
    [InlineData("asp")]
    public async Task Without_rounds_every_block_is_read_at_its_own_moment(string policy)
    {
        using var desk = new Desk(policy == "ssp" ? ConsistencyPolicy.StaleSynchronous(2) : ConsistencyPolicy.Asynchronous);

        Assert.Equal(-1, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([0, 1, 2], desk.Pulls.Select(p => p.Block));
        Assert.All(desk.Pulls, p => Assert.Equal((-1, -1), (p.Header.Rank, p.Header.Clock)));
        Assert.Empty(desk.Transport.Of(Call.Certificates));
        Assert.All(desk.Values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(7, x)));
    }

    [Fact]
    public async Task Under_bsp_every_pull_names_the_version_of_the_newest_certificate()
    {
        using var desk = new Desk(rounds: 5);

        Assert.Equal(5, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.All(desk.Pulls, p => Assert.Equal((5, 5, 4), (p.Header.Clock, p.Header.Certificate, p.Newest!.Round)));
        Assert.All(desk.Values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(7, x)));
    }

    [Fact]
    public async Task The_next_read_asks_for_newer_certificates_only()
    {
        using var desk = new Desk(rounds: 5);
        await desk.Reader.ReadLatestAsync(desk.Values);
        desk.Close(rounds: 6);

        Assert.Equal(6, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([0, 5], desk.Transport.Of(Call.Certificates).Select(r => r.From));
    }

    [Fact]
    public async Task A_block_is_given_the_certificates_it_lacks()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 3);

        Assert.Equal(5, await desk.Reader.ReadLatestAsync(desk.Values));

        var given = Assert.Single(desk.Transport.Of(Call.Certify));
        Assert.Equal((0, -1), (given.Block, given.Header.Rank));
        Assert.Equal([3, 4], given.Certificates.Select(c => c.Round));
        Assert.Equal([0, 0, 1, 2], desk.Pulls.Select(p => p.Block));
    }

    [Fact]
    public async Task Certificates_older_than_the_known_ones_come_from_the_coordinator()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(new[] { ScriptedTransport.Certificate(4) }));
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2);

        Assert.Equal(5, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([2, 3, 4], Assert.Single(desk.Transport.Of(Call.Certify)).Certificates.Select(c => c.Round));
    }

    [Fact]
    public async Task A_block_that_got_on_is_given_the_next_certificates_at_once()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 0).On(Call.Pull, BlockStatus.NeedCertificates, from: 4);

        Assert.Equal(5, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([5, 1], desk.Transport.Of(Call.Certify).Select(c => c.Certificates.Count));
    }

    [Fact]
    public async Task A_block_that_does_not_get_on_is_asked_again_after_a_pause()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 3, times: 2);

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();

        Assert.False(read.IsCompleted);
        desk.Rig.PassUntilEnd(read);
        Assert.Equal(5, await read);
        Assert.Single(desk.Transport.Of(Call.Certify));
    }

    [Fact]
    public async Task Certificates_that_cannot_be_had_are_asked_for_again_after_a_pause()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(new[] { ScriptedTransport.Certificate(4) }));
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(Array.Empty<Certificate>()));
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2, times: 2);

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();

        Assert.False(read.IsCompleted);
        desk.Rig.PassUntilEnd(read);
        Assert.Equal(5, await read);
        Assert.Equal([2, 3, 4], Assert.Single(desk.Transport.Of(Call.Certify)).Certificates.Select(c => c.Round));
    }

    [Fact]
    public async Task A_closed_round_makes_the_read_begin_again_at_the_newer_version()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, r => Task.FromResult(desk.Transport.Usual(r)));
        desk.Transport.On(Call.Pull, r =>
        {
            desk.Close(rounds: 6);
            return Task.FromResult<object>(new BlockReply(BlockStatus.StepClosed, 6, 6, 0));
        });

        Assert.Equal(6, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([(0, 5), (1, 5), (0, 6), (1, 6), (2, 6)], desk.Pulls.Select(p => (p.Block, p.Header.Clock)));
    }

    [Fact]
    public async Task A_model_that_never_holds_still_is_unavailable_and_a_snapshot_is_advised()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, BlockStatus.StepClosed, times: 1000);
        var start = desk.Rig.Time.GetUtcNow();

        var error = await desk.Rig.FailureOf<ServerUnavailableException>(new(desk.Reader.ReadLatestAsync(desk.Values).AsTask()));

        Assert.True(error.IsTransient);
        Assert.Contains("ReadSnapshotAsync", error.Message, StringComparison.Ordinal);
        var limit = new WorkerOptions().RetryFor;
        Assert.InRange(desk.Rig.Time.GetUtcNow() - start, limit - TimeSpan.FromSeconds(2), limit);
    }

    [Fact]
    public async Task A_read_begins_again_at_once_the_first_time_and_then_after_pauses_that_grow()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Pull, BlockStatus.StepClosed, times: 8);

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Rig.PassUntilEnd(read);

        Assert.Equal(5, await read);
        var tries = desk.Pulls.Where(p => p.Block == 0).Select(p => p.At).ToArray();
        var pauses = tries.Zip(tries.Skip(1), (a, b) => b - a).ToArray();
        Assert.Equal(8, pauses.Length);
        Assert.Equal(TimeSpan.Zero, pauses[0]);
        Assert.All(pauses[1..], pause => Assert.True(pause > TimeSpan.Zero));
        Assert.True(pauses[^1] > 8 * pauses[1], string.Join(" ", pauses));
    }

    [Fact]
    public async Task Without_certificates_a_read_is_accepted_when_all_versions_are_equal()
    {
        using var desk = new Desk();
        desk.AnswerPulls(3, 3, 3);

        Assert.Equal(3, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.All(desk.Pulls, p => Assert.Equal((-1, 0, null), (p.Header.Clock, p.Header.Certificate, p.Newest)));
    }

    [Fact]
    public async Task Without_certificates_unequal_versions_are_read_again()
    {
        using var desk = new Desk();
        desk.AnswerPulls(3, 4, 4, 4, 4);

        Assert.Equal(4, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([0, 1, 0, 1, 2], desk.Pulls.Select(p => p.Block));
    }

    [Fact]
    public async Task The_generation_is_learned_from_a_block_and_makes_the_read_begin_again()
    {
        using var desk = new Desk(ConsistencyPolicy.Asynchronous);
        desk.Transport.On(Call.Pull, r => Task.FromResult(desk.Transport.Usual(r)));
        desk.Transport.Generation = 3;
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);

        Assert.Equal(-1, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.Equal([(0, 0), (1, 0), (0, 3), (1, 3), (2, 3)], desk.Pulls.Select(p => (p.Block, p.Header.Generation)));
    }

    [Fact]
    public async Task Certificates_of_an_older_generation_are_forgotten()
    {
        using var desk = new Desk(rounds: 5);
        await desk.Reader.ReadLatestAsync(desk.Values);
        desk.Transport.Generation = 1;
        desk.Close(rounds: 0);
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        desk.AnswerPulls(2, 2, 2);

        Assert.Equal(2, await desk.Reader.ReadLatestAsync(desk.Values));

        Assert.All(desk.Pulls.TakeLast(3), p => Assert.Equal((1, -1, null), (p.Header.Generation, p.Header.Clock, p.Newest)));
    }

    [Fact]
    public async Task A_late_answer_of_an_older_generation_does_not_take_the_reader_back()
    {
        using var desk = new Desk(ConsistencyPolicy.Asynchronous);
        desk.Transport.Generation = 2;
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        await desk.Reader.ReadLatestAsync(desk.Values);
        desk.Transport.On(Call.Pull, _ => Task.FromResult<object>(new BlockReply(BlockStatus.OtherGeneration, 0, 0, 1)));

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Rig.PassUntilEnd(read);

        Assert.Equal(-1, await read);
        Assert.All(desk.Pulls.Skip(1), p => Assert.Equal(2, p.Header.Generation));
    }

    [Fact]
    public async Task Lost_requests_are_asked_again()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.Lose(Call.Certificates).Throw(Call.Certificates, new ServerUnavailableException("down"));
        desk.Transport.Lose(Call.Pull).Throw(Call.Pull, new ServerUnavailableException("down"));
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 3);
        desk.Transport.Lose(Call.Certify);

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Rig.PassUntilEnd(read);

        Assert.Equal(5, await read);
    }

    [Fact]
    public async Task A_service_that_never_answers_is_unavailable()
    {
        using var desk = new Desk(ConsistencyPolicy.Asynchronous);
        desk.Transport.Lose(Call.Pull, times: 1000);

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Rig.PassUntilEnd(read);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => read);
        Assert.Equal(0, desk.Transport.InFlight);
    }

    [Fact]
    public async Task One_failure_ends_the_other_requests_and_is_what_the_caller_gets()
    {
        using var desk = new Desk(ConsistencyPolicy.Asynchronous);
        desk.Transport.Lose(Call.Pull).Throw(Call.Pull, new WorkerStateException("broken"));

        await Assert.ThrowsAsync<WorkerStateException>(() => desk.Reader.ReadLatestAsync(desk.Values).AsTask());

        Assert.Equal(0, desk.Transport.InFlight);
    }

    [Fact]
    public async Task At_most_a_window_of_requests_is_in_flight()
    {
        using var desk = new Desk(ConsistencyPolicy.Asynchronous, options: new() { MaxInFlight = 2 });
        var held = new[] { desk.Transport.Hold(Call.Pull), desk.Transport.Hold(Call.Pull), desk.Transport.Hold(Call.Pull) };

        var read = desk.Reader.ReadLatestAsync(desk.Values).AsTask();

        Assert.Equal(2, desk.Transport.InFlight);
        held[1].Release();
        Assert.Equal(2, desk.Transport.InFlight);
        held[0].Release();
        held[2].Release();
        Assert.Equal(-1, await read);
        Assert.Equal(2, desk.Transport.MostInFlight);
    }

    [Fact]
    public async Task A_cancelled_read_ends_after_its_requests_have_ended()
    {
        using var desk = new Desk(rounds: 5);
        var held = desk.Transport.Hold(Call.Pull);
        using var cancel = new CancellationTokenSource();

        var read = desk.Reader.ReadLatestAsync(desk.Values, cancel.Token).AsTask();
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(cancel.Token, error.CancellationToken);
        Assert.True(held.WasGivenUp);
        Assert.Equal(0, desk.Transport.InFlight);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => desk.Reader.ReadLatestAsync(desk.Values, cancel.Token).AsTask());
    }

    [Fact]
    public async Task Reads_at_the_same_time_do_not_disturb_each_other()
    {
        using var desk = new Desk(rounds: 5);
        var (held, other) = (desk.Transport.Hold(Call.Pull), TensorSet.For(desk.Rig.Spec));

        var first = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        var second = await desk.Reader.ReadLatestAsync(other);
        held.Release();

        Assert.Equal((5, 5), (await first, second));
        Assert.All(other, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(7, x)));
    }

    [Fact]
    public async Task What_a_read_learns_of_an_older_generation_is_not_believed_after_another_read_met_a_newer_one()
    {
        using var desk = new Desk(rounds: 5);
        var held = desk.Transport.Hold(Call.Certificates);
        var first = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Transport.Generation = 1;
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        var other = TensorSet.For(desk.Rig.Spec);
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(Array.Empty<Certificate>()));
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(Array.Empty<Certificate>()));
        await desk.Reader.ReadLatestAsync(other);

        held.Release();
        await first;

        Assert.All(desk.Pulls.TakeLast(3), p => Assert.Equal((1, -1, null), (p.Header.Generation, p.Header.Clock, p.Newest)));
    }

    [Fact]
    public async Task Certificates_are_given_to_blocks_of_their_own_generation_alone()
    {
        using var desk = new Desk(rounds: 5);
        desk.Transport.On(Call.Certificates, _ => Task.FromResult<object>(new[] { ScriptedTransport.Certificate(4) }));
        desk.Transport.On(Call.Pull, BlockStatus.NeedCertificates, from: 2);
        var held = desk.Transport.Hold(Call.Certificates);
        var first = desk.Reader.ReadLatestAsync(desk.Values).AsTask();
        desk.Transport.Generation = 1;
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        await desk.Reader.ReadLatestAsync(TensorSet.For(desk.Rig.Spec));

        held.Release();
        desk.Transport.On(Call.Pull, BlockStatus.OtherGeneration);
        desk.Rig.PassUntilEnd(first);

        await first;
        Assert.Empty(desk.Transport.Of(Call.Certify));
    }

    [Fact]
    public async Task A_bad_set_is_refused_before_anything_is_read()
    {
        using var desk = new Desk(rounds: 5);
        var unknown = new TensorSet { { "a", new float[1024] }, { "nobody", new float[1] } };
        var tooShort = new TensorSet { { "a", new float[1023] } };

        await Assert.ThrowsAsync<UnknownParameterException>(() => desk.Reader.ReadLatestAsync(unknown).AsTask());
        await Assert.ThrowsAsync<ShapeMismatchException>(() => desk.Reader.ReadLatestAsync(tooShort).AsTask());
        await Assert.ThrowsAsync<UnknownParameterException>(() => desk.Reader.ReadSnapshotAsync(1, unknown));
        await Assert.ThrowsAsync<ShapeMismatchException>(() => desk.Reader.ReadSnapshotAsync(null, tooShort));
        await Assert.ThrowsAsync<ArgumentNullException>(() => desk.Reader.ReadLatestAsync(null!).AsTask());

        Assert.Empty(desk.Transport.Requests);
        Assert.Empty(desk.Snapshots.Asked);
    }

    [Fact]
    public void An_option_out_of_its_range_is_refused()
    {
        using var desk = new Desk();

        Assert.Throws<InvalidOptionsException>(() => desk.Open(new() { MaxInFlight = 0 }));
    }

    [Fact]
    public async Task An_empty_set_reads_nothing_and_learns_the_version()
    {
        using var desk = new Desk(rounds: 5);

        Assert.Equal(5, await desk.Reader.ReadLatestAsync([]));

        Assert.Empty(desk.Pulls);
    }

    [Fact]
    public async Task A_closed_reader_reads_nothing()
    {
        using var desk = new Desk();
        Assert.Equal(("m", desk.Rig.Spec), (desk.Reader.Model, desk.Reader.Spec));

        await desk.Reader.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => desk.Reader.ReadLatestAsync(desk.Values).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => desk.Reader.ReadSnapshotAsync(4, desk.Values));
        Assert.Empty(desk.Transport.Requests);
    }
}
