namespace OrleansPs.Abstractions.Tests;

/// <summary>The loop that does a step again as often as the service asks for it, and not for any other reason.</summary>
public sealed class RunStepTests : IAsyncDisposable
{
    private readonly ScriptedWorker _worker = new();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task A_step_that_succeeds_is_done_once()
    {
        var result = await _worker.RunStepAsync((position, _) => Step(position, cursor: 384));
        Assert.Equal(new ClockResult(8, 8), result);
        Assert.Equal(["step 5 at 7 from 320", "clock 384"], _worker.Calls);
    }

    [Theory]
    [InlineData(StepRestartReason.StepClosed)]
    [InlineData(StepRestartReason.Evicted)]
    [InlineData(StepRestartReason.ModelRestored)]
    [InlineData(StepRestartReason.StepAborted)]
    public async Task A_step_is_done_again_from_the_position_after_the_resume(StepRestartReason reason)
    {
        _worker.Clocks(new StepRestartException(reason, "again"));
        var result = await _worker.RunStepAsync((position, _) => Step(position, cursor: 384));
        Assert.Equal(18, result.Clock);
        Assert.Equal(["step 5 at 7 from 320", "clock 384", "resume", "step 5 at 17 from 320", "clock 384"], _worker.Calls);
    }

    [Fact]
    public async Task A_step_that_had_counted_when_the_worker_was_told_to_resume_is_not_followed_by_another()
    {
        _worker.Clocks(new StepRestartException(StepRestartReason.Evicted, "again"));
        _worker.HasCounted = true;
        var result = await _worker.RunStepAsync((position, _) => Step(position, cursor: 384));
        Assert.Equal(new ClockResult(17, 17), result);
        Assert.Equal(["step 5 at 7 from 320", "clock 384", "resume"], _worker.Calls);
    }

    [Fact]
    public async Task A_restart_in_the_step_itself_does_not_reach_the_clock()
    {
        var times = 0;
        await _worker.RunStepAsync(async (position, _) =>
        {
            await Step(position, 0);
            return ++times < 3 ? throw new StepRestartException(StepRestartReason.StepClosed, "again") : 384;
        });
        Assert.Equal(
            ["step 5 at 7 from 320", "resume", "step 5 at 17 from 320", "resume", "step 5 at 27 from 320", "clock 384"], _worker.Calls);
    }

    [Fact]
    public async Task A_step_is_done_again_as_often_as_it_takes()
    {
        _worker.Clocks([.. Enumerable.Repeat(new StepRestartException(StepRestartReason.StepClosed, "again"), 20)]);
        await _worker.RunStepAsync((position, _) => Step(position, cursor: 384));
        Assert.Equal(20, _worker.Calls.Count(c => c == "resume"));
        Assert.Equal(21, _worker.Calls.Count(c => c == "clock 384"));
    }

    [Fact]
    public async Task The_end_of_a_rank_ends_the_loop()
    {
        _worker.Clocks(new StepRestartException(StepRestartReason.Evicted, "again"));
        _worker.ResumeError = new FencedException("m", 0);
        await Assert.ThrowsAsync<FencedException>(() => _worker.RunStepAsync((position, _) => Step(position, 384)));
        Assert.Equal("resume", _worker.Calls[^1]);
    }

    [Fact]
    public async Task Other_errors_are_not_retried_even_transient_ones()
    {
        _worker.Clocks(new ServerUnavailableException("away"));
        await Assert.ThrowsAsync<ServerUnavailableException>(() => _worker.RunStepAsync((position, _) => Step(position, 384)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _worker.RunStepAsync((_, _) => throw new InvalidOperationException()));
        Assert.Equal(["step 5 at 7 from 320", "clock 384"], _worker.Calls);
    }

    [Fact]
    public async Task The_callers_token_reaches_the_step_and_the_clock()
    {
        using var gone = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _worker.RunStepAsync((_, token) =>
        {
            Assert.Equal(gone.Token, token);
            gone.Cancel();
            return new(1L);
        }, gone.Token));
        Assert.Equal(["clock 1"], _worker.Calls);
    }

    [Fact]
    public async Task One_parameter_is_pulled_and_pushed_as_a_set_of_one()
    {
        await _worker.PullAsync("w", new float[2]);
        await _worker.PushAsync("v", new float[3]);
        Assert.Equal(["pull w:2", "push v:3"], _worker.Calls);
    }

    [Fact]
    public async Task A_worker_and_a_step_are_needed()
    {
        IParameterWorker none = null!;
        await Assert.ThrowsAsync<ArgumentNullException>(() => none.RunStepAsync((_, _) => new(0L)));
        await Assert.ThrowsAsync<ArgumentNullException>(() => _worker.RunStepAsync(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await none.PullAsync("w", new float[1]));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await none.PushAsync("w", new float[1]));
    }

    private ValueTask<long> Step(WorkerPosition position, long cursor)
    {
        _worker.Calls.Add($"step {position.Step} at {position.Clock} from {position.Cursor}");
        return new(cursor);
    }
}
