using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>
/// Kernels against numbers worked out by hand from the algorithms in PyTorch's documentation of <c>torch.optim</c>, and
/// against the algorithms of the papers in double.
/// </summary>
public class KernelValuesTests
{
    [Fact]
    public void Sgd_subtracts_lr_times_the_gradient()
    {
        // 1 - 0.1 x 0.5; then 0.95 + 0.1 x 2
        AssertSequence(Optimizer.Sgd(0.1), 1f, [0.5f, -2f], [0.95f, 1.15f]);
    }

    [Fact]
    public void Sgd_with_weight_decay_adds_the_parameter_to_the_gradient()
    {
        // 2 - 0.1 (1 + 0.5 x 2) = 1.8; 1.8 - 0.1 (1 + 0.9) = 1.61
        AssertSequence(Optimizer.Sgd(0.1, weightDecay: 0.5), 2f, [1f, 1f], [1.8f, 1.61f]);
    }

    [Fact]
    public void Sgd_with_momentum_sums_a_fading_series()
    {
        // g = 1: b = 1, 1.9, 2.71; w = -0.1, -0.29, -0.561
        AssertSequence(Optimizer.Sgd(0.1, momentum: 0.9), 0f, [1f, 1f, 1f], [-0.1f, -0.29f, -0.561f]);
    }

    [Fact]
    public void Sgd_does_not_dampen_the_first_update()
    {
        // g = 1: b = 1 (not 0.5), 0.9 + 0.5 = 1.4, 1.26 + 0.5 = 1.76; w = -0.1, -0.24, -0.416
        AssertSequence(Optimizer.Sgd(0.1, momentum: 0.9, dampening: 0.5), 0f, [1f, 1f, 1f], [-0.1f, -0.24f, -0.416f]);
    }

    [Fact]
    public void Sgd_with_nesterov_looks_one_momentum_ahead()
    {
        // g = 1: b = 1, 1.9, 2.71; d = 1 + 0.9 b = 1.9, 2.71, 3.439; w = -0.19, -0.461, -0.8049
        AssertSequence(Optimizer.Sgd(0.1, momentum: 0.9, nesterov: true), 0f, [1f, 1f, 1f], [-0.19f, -0.461f, -0.8049f]);
    }

    [Fact]
    public void The_first_update_overwrites_stale_momentum()
    {
        var state = TestState.Of(0f);
        state.Slot0[0] = float.NaN;
        state.Step(OptimizerKernel.For(Optimizer.Sgd(0.1, momentum: 0.9)), 0, [1f], new(1, 1));
        Assert.Equal(1f, state.Slot0[0]);
    }

    [Theory]
    [InlineData(1e-4f)]
    [InlineData(3f)]
    [InlineData(-2e4f)]
    public void Adams_first_step_is_lr_whatever_the_size_of_the_gradient(float gradient)
    {
        // Bias correction gives m' = g and v' = g^2: the step is lr g / (|g| + eps).
        var expected = -0.1 * gradient / (Math.Abs(gradient) + 1e-8);
        AssertSequence(Optimizer.Adam(0.1), 0f, [gradient], [(float)expected]);
    }

    [Fact]
    public void Adam_corrects_both_moments_for_their_start_at_zero()
    {
        // t = 2: m = 0.9 x 0.1 - 0.1 = -0.01, m' = -0.01 / 0.19; v = 0.999 x 0.001 + 0.001 = 0.001999, v' = 1.
        // w = -0.1 + 0.1 x 0.01 / 0.19 = -0.0947368
        AssertSequence(Optimizer.Adam(0.1), 0f, [1f, -1f], [-0.1f, -0.09473684f]);
    }

    [Fact]
    public void Adam_adds_weight_decay_to_the_gradient_where_the_first_step_hides_it()
    {
        // g = 1 + 0.5 x 1 = 1.5, and the first step is lr all the same.
        AssertSequence(Optimizer.Adam(0.1, weightDecay: 0.5), 1f, [1f], [0.9f]);
    }

    [Fact]
    public void AdamW_shrinks_the_parameter_before_the_step()
    {
        // 1 x (1 - 0.1 x 0.5) - 0.1
        AssertSequence(Optimizer.AdamW(0.1, weightDecay: 0.5), 1f, [1f], [0.85f]);
    }

    [Fact]
    public void Adam_and_AdamW_agree_without_weight_decay()
    {
        var (adam, adamW) = (TestState.Random(new(1), 99), TestState.Random(new(1), 99));
        var gradient = TestState.RandomGradient(new(2), 99);
        adam.Step(OptimizerKernel.For(Optimizer.Adam()), 0, gradient, new(1, 7));
        adamW.Step(OptimizerKernel.For(Optimizer.AdamW(weightDecay: 0)), 0, gradient, new(1, 7));
        adamW.AssertSameBits(adam);
    }

    [Fact]
    public void Sum_adds_and_assign_replaces()
    {
        AssertSequence(Optimizer.Sum(), 1f, [2f, 3f], [3f, 6f]);
        AssertSequence(Optimizer.Assign(), 1f, [2f, 3f], [2f, 3f]);
    }

    [Fact]
    public void The_schedules_factor_multiplies_the_learning_rate()
    {
        // AdamW with half of 0.1: 1 x (1 - 0.05 x 0.5) - 0.05. Sum has no learning rate.
        Assert.Equal(-0.5f, StepOnce(Optimizer.Sgd(1), 0f, 1f, new(0.5, 1)), 1e-6f);
        Assert.Equal(0.925f, StepOnce(Optimizer.AdamW(0.1, weightDecay: 0.5), 1f, 1f, new(0.5, 1)), 1e-6f);
        Assert.Equal(3f, StepOnce(Optimizer.Sum(), 1f, 2f, new(0.5, 1)));
    }

    [Fact]
    public void Without_weight_decay_a_gradient_of_minus_zero_leaves_the_momentum_buffer_minus_zero()
    {
        var state = TestState.Of(float.PositiveInfinity, 1f);
        state.Step(OptimizerKernel.For(Optimizer.Sgd(0.1, momentum: 0.9)), 0, [-0f, -0f], new(1, 1));
        Bits.AssertSame([-0f, -0f], state.Slot0.AsSpan());
        Bits.AssertSame([float.PositiveInfinity, 1f], state.Values.AsSpan());
    }

    [Fact]
    public void A_gradient_of_zero_moves_no_parameter_under_adam()
    {
        Assert.Equal(0.5f, StepOnce(Optimizer.Adam(), 0.5f, 0f, new(1, 1)));
        Assert.Equal(0.5f, StepOnce(Optimizer.Adam(), 0.5f, -0f, new(1, 1)));
    }

    [Fact]
    public void A_thousand_steps_of_adam_stay_close_to_the_papers_algorithm_in_double()
    {
        var random = new Random(5);
        var (w, m, v) = (0.3, 0.0, 0.0);
        var state = TestState.Of((float)w);
        var kernel = OptimizerKernel.For(Optimizer.Adam(0.01));
        for (var t = 1; t <= 1000; t++)
        {
            var g = (float)(random.NextDouble() - 0.3);
            state.Step(kernel, 0, [g], new(1, t));
            m = (0.9 * m) + (0.1 * g);
            v = (0.999 * v) + (0.001 * g * g);
            w -= 0.01 * (m / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v / (1 - Math.Pow(0.999, t))) + 1e-8);
        }
        Assert.Equal(w, state.Values[0], 1e-4);
    }

    [Fact]
    public void Each_optimizer_says_how_many_slots_it_has()
    {
        Assert.Equal(0, OptimizerKernel.For(Optimizer.Sgd()).StateSlots);
        Assert.Equal(1, OptimizerKernel.For(Optimizer.Sgd(momentum: 0.9)).StateSlots);
        Assert.Equal(2, OptimizerKernel.For(Optimizer.Adam()).StateSlots);
        Assert.Equal(2, OptimizerKernel.For(Optimizer.AdamW()).StateSlots);
        Assert.Equal(0, OptimizerKernel.For(Optimizer.Sum()).StateSlots);
        Assert.Equal(0, OptimizerKernel.For(Optimizer.Assign()).StateSlots);
    }

    public static TheoryData<string, int, int, int> WrongLengths => new()
    {
        { "gradient", 4, 5, 5 },
        { "slot0", 5, 4, 5 },
        { "slot1", 5, 5, 6 },
    };

    [Theory]
    [MemberData(nameof(WrongLengths))]
    public void Spans_of_different_lengths_are_refused_and_nothing_changes(string name, int gradient, int slot0, int slot1)
    {
        var values = new float[] { 1, 2, 3, 4, 5 };
        var kernel = OptimizerKernel.For(Optimizer.Adam());
        var error = Assert.Throws<ArgumentException>(
            () => kernel.Step(values, new float[gradient], new float[slot0], new float[slot1], new(1, 1)));
        Assert.Equal(name, error.ParamName);
        Assert.Equal([1, 2, 3, 4, 5], values);
    }

    [Fact]
    public void There_is_no_kernel_for_nothing() => Assert.Throws<ArgumentNullException>(() => OptimizerKernel.For(null!));

    [Fact]
    public void Assign_refuses_a_gradient_of_another_length()
    {
        var values = new float[] { 1, 2 };
        Assert.Throws<ArgumentException>(
            () => OptimizerKernel.For(Optimizer.Assign()).Step(values, [3f], default, default, new(1, 1)));
        Assert.Equal([1, 2], values);
    }

    private static void AssertSequence(Optimizer optimizer, float start, float[] gradients, float[] expected)
    {
        var kernel = OptimizerKernel.For(optimizer);
        var state = TestState.Of(start);
        for (var i = 0; i < gradients.Length; i++)
        {
            state.Step(kernel, 0, [gradients[i]], new(1, i + 1));
            Assert.Equal(expected[i], state.Values[0], 1e-6f);
        }
    }

    private static float StepOnce(Optimizer optimizer, float value, float gradient, in UpdateContext update)
    {
        var state = TestState.Of(value);
        state.Step(OptimizerKernel.For(optimizer), 0, [gradient], update);
        return state.Values[0];
    }
}
