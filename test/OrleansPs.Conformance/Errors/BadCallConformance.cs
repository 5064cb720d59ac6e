namespace OrleansPs.Conformance;

/// <summary>A call of a worker that breaks a rule is refused with parameter, value and rule, and changes nothing.</summary>
public abstract class BadCallConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter Weights = new("w", [40, 50], Initializer.Normal());
    private static readonly DenseParameter Bias = new("b", [50], Initializer.Normal());

    [Theory]
    [InlineData(1999)]
    [InlineData(2001)]
    [InlineData(0)]
    public async Task A_gradient_of_a_wrong_length_is_refused(int length)
    {
        var worker = (await BeginAsync(Spec(Weights, Bias)))[0];
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);
        var (wrong, right) = (new TensorSet { { "b", new float[50] }, { "w", new float[length] } }, TensorSet.For(worker.Spec));

        Func<Task>[] calls =
        [
            () => worker.PushAsync(wrong, Limit).AsTask(),
            () => worker.PullAsync(wrong, Limit).AsTask(),
            () => worker.PushPullAsync(wrong, right, Limit).AsTask(),
            () => worker.PushPullAsync(right, wrong, Limit).AsTask(),
        ];
        foreach (var call in calls)
        {
            var e = await Assert.ThrowsAsync<ShapeMismatchException>(call);
            Assert.Equal($"Parameter 'w' has shape [40, 50], which is 2000 floats; {length} were given.", e.Message);
        }
        Assert.Throws<ShapeMismatchException>(() => worker.Prefetch(wrong));

        await NothingWasPushedAsync(worker, before);
    }

    [Fact]
    public async Task An_unknown_parameter_is_refused_with_the_known_ones()
    {
        var worker = (await BeginAsync(Spec(Weights, Bias)))[0];
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);
        var wrong = new TensorSet { { "b", new float[50] }, { "weights", new float[2000] } };

        var push = await Assert.ThrowsAsync<UnknownParameterException>(() => worker.PushAsync(wrong, Limit).AsTask());
        var pull = await Assert.ThrowsAsync<UnknownParameterException>(() => worker.PullAsync(wrong, Limit).AsTask());

        Assert.Equal("There is no parameter 'weights'. There are: w, b.", push.Message);
        Assert.Equal(push.Message, pull.Message);
        await NothingWasPushedAsync(worker, before);
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 777)]
    [InlineData(float.NegativeInfinity, 1999)]
    public async Task A_gradient_that_is_no_number_is_rejected_before_anything_is_sent(float value, int index)
    {
        var worker = (await BeginAsync(Spec(Bias, Weights)))[0];
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);
        var gradient = WithBad(value, index);

        var push = await Assert.ThrowsAsync<NonFiniteGradientException>(() => worker.PushAsync(gradient, Limit).AsTask());
        await Assert.ThrowsAsync<NonFiniteGradientException>(
            () => worker.PushPullAsync(gradient, TensorSet.For(worker.Spec), Limit).AsTask());

        Assert.Equal(("w", index, value), (push.Parameter, push.Index, push.Value));
        Assert.Contains($"'w' has {FormattableString.Invariant($"{value}")} at element {index}", push.Message, StringComparison.Ordinal);
        await NothingWasPushedAsync(worker, before);
    }

    [Fact]
    public async Task A_gradient_that_is_no_number_is_skipped_whole_and_counted_where_the_policy_says_so()
    {
        var worker = (await BeginAsync(Spec(Bias, Weights) with { NonFinite = NonFinitePolicy.Skip }))[0];
        using var skipped = new ModelCounter("orleansps.client.skipped_pushes", worker.Model);
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);
        var values = TensorSet.For(worker.Spec);
        var first = await Tensors.PullAsync(worker, Limit);

        await worker.PushAsync(WithBad(float.NaN, 5), Limit);
        await worker.PushPullAsync(WithBad(float.NaN, 5), values, Limit);

        Assert.Equal(2, skipped.Total);
        Tensors.SameBits(first, Tensors.Flat(values));
        await NothingWasPushedAsync(worker, before);
    }

    [Fact]
    public async Task A_gradient_that_is_no_number_is_applied_where_the_policy_accepts_it()
    {
        var worker = (await BeginAsync(Spec(Bias, Weights) with { NonFinite = NonFinitePolicy.Accept }))[0];

        await worker.PushAsync(WithBad(float.NaN, 5), Limit);
        await worker.ClockAsync(1, Limit);

        var values = await Tensors.PullAsync(worker, Limit);
        Assert.True(float.IsNaN(values[50 + 5]));
        Assert.Equal(1, values.Count(v => !float.IsFinite(v)));
    }

    [Fact]
    public async Task More_pushes_than_a_step_may_make_are_refused()
    {
        var worker = (await BeginAsync(Spec(Bias, Weights) with { PushesPerStep = 2 }))[0];
        var ones = Tensors.Full((Bias, 1));
        var expected = await Tensors.PullAsync(worker, Limit);
        await worker.PushAsync(ones, Limit);
        await worker.PushAsync(ones, Limit);

        var e = await Assert.ThrowsAsync<WorkerStateException>(() => worker.PushAsync(ones, Limit).AsTask());
        await worker.ClockAsync(1, Limit);

        Assert.Contains("2 times", e.Message, StringComparison.Ordinal);
        Tensors.SameBits([.. expected[..50].Select(v => v + 2), .. expected[50..]], await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_negative_cursor_is_refused()
    {
        var worker = (await BeginAsync(Spec(Bias)))[0];
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);

        var e = await Assert.ThrowsAsync<InvalidOptionsException>(() => worker.ClockAsync(-1, Limit).AsTask());

        Assert.Equal("cursor is -1: it must be >= 0.", e.Message);
        await NothingWasPushedAsync(worker, before);
    }

    [Fact]
    public async Task A_step_can_not_be_ended_while_a_push_of_it_is_unresolved()
    {
        var worker = (await BeginAsync(Spec(Bias) with { NonFinite = NonFinitePolicy.Accept }))[0];
        using var gradient = new ClockingMemory(worker, Limit);
        var expected = await Tensors.PullAsync(worker, Limit);

        await worker.PushAsync("b", gradient.Memory, Limit);
        Assert.Contains("unresolved", (await gradient.Refusal).Message, StringComparison.Ordinal);
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits([.. expected.Select(v => v + 1)], await Tensors.PullAsync(worker, Limit));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_that_left_refuses_all_further_calls(bool leaves)
    {
        var workers = await BeginAsync(Spec(Bias) with { Workers = 2 });
        var (worker, set) = (workers[0], TensorSet.For(workers[0].Spec));
        if (leaves) await worker.LeaveAsync(Limit);
        else await worker.DisposeAsync();
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);

        Func<Task>[] calls =
        [
            () => worker.PushAsync(set, Limit).AsTask(),
            () => worker.PullAsync(set, Limit).AsTask(),
            () => worker.PushPullAsync(set, set, Limit).AsTask(),
            () => worker.ClockAsync(1, Limit).AsTask(),
            () => worker.OutOfDataAsync(Limit),
            () => worker.ResumeAsync(Limit),
        ];
        foreach (var call in calls)
        {
            var e = await Assert.ThrowsAsync<WorkerStateException>(call);
            Assert.Contains("left", e.Message, StringComparison.Ordinal);
        }
        await worker.LeaveAsync(Limit);
        await worker.DisposeAsync();
        await worker.DisposeAsync();

        await before.RequireAsync();
    }

    [Fact]
    public async Task A_session_without_data_asks_to_be_resumed_first()
    {
        var worker = (await BeginAsync(Spec(Bias)))[0];
        await worker.OutOfDataAsync(Limit);
        var before = await Untouched.RememberAsync(Server, worker.Spec, Limit);

        var e = await Assert.ThrowsAsync<WorkerStateException>(
            () => worker.PushAsync(TensorSet.For(worker.Spec), Limit).AsTask());

        Assert.Contains("ResumeAsync", e.Message, StringComparison.Ordinal);
        await worker.OutOfDataAsync(Limit);
        await before.RequireAsync();
    }

    [Fact]
    public async Task A_worker_of_a_deleted_model_is_told_that_it_is_gone()
    {
        var worker = (await BeginAsync(Spec(Bias)))[0];
        await Server.DeleteModelAsync(worker.Model, Limit);

        await Assert.ThrowsAsync<UnknownModelException>(() => worker.PushAsync(TensorSet.For(worker.Spec), Limit).AsTask());

        Assert.Empty(await Server.ListModelsAsync(Limit));
    }

    /// <summary>Whatever was pushed and not refused would show when the round closes.</summary>
    private async Task NothingWasPushedAsync(IParameterWorker worker, Untouched before)
    {
        await before.RequireAsync();
        var expected = await ReadAsync(worker.Spec);
        await worker.ClockAsync(1, Limit);
        Tensors.SameBits(expected, await Tensors.PullAsync(worker, Limit));
    }

    // The parameter before the bad one would have been sent first.
    private static TensorSet WithBad(float value, int index)
    {
        var gradient = Tensors.Full((Bias, 1), (Weights, 1));
        gradient["w"].Span[index] = value;
        return gradient;
    }

    /// <summary>A gradient that tries to end the step when it is read.</summary>
    private sealed class ClockingMemory(IParameterWorker worker, CancellationToken limit) : IDisposable
    {
        private readonly TaskCompletionSource<Exception> _refusal = new();
        private ObservedMemory? _values;

        public Task<Exception> Refusal => _refusal.Task;

        public Memory<float> Memory => (_values = new ObservedMemory(50, 1, onRead: TryToClock)).Memory;

        public void Dispose() => ((IDisposable?)_values)?.Dispose();

        private void TryToClock(int reads)
        {
            if (reads > 1) return;
            var clock = worker.ClockAsync(1, limit).AsTask();
            _refusal.SetResult(clock.Exception?.InnerException ?? new InvalidOperationException("It was not refused."));
        }
    }
}
